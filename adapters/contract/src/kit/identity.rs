//! ATK-02, 03 and 05: one operation id is one operation.

use futures_util::future::join_all;

use super::bench::{Bench, said};
use super::{Finding, ensure};

pub(super) async fn twice(bench: &Bench<'_>) -> Finding {
    let pet = bench.pet()?;
    let (ctx, name) = (bench.ctx(), bench.name("twice"));
    let first = bench.settled(&ctx, &pet.make(&name)).await?;
    bench.see(&name, true).await?;
    let second = bench.settled(&ctx, &pet.make(&name)).await?;
    ensure(first == second, || format!("first {}, then {}", said(&first), said(&second)))?;
    // The token is not an argument.
    let higher = crate::OpContext { token: bench.token(), ..ctx };
    let third = bench.settled(&higher, &pet.make(&name)).await?;
    ensure(first == third, || {
        format!("first {}, then, under a higher token, {}", said(&first), said(&third))
    })?;
    Ok(String::new())
}

pub(super) async fn five_at_once(bench: &Bench<'_>) -> Finding {
    let pet = bench.pet()?;
    let (ctx, name) = (bench.ctx(), bench.name("five"));
    let op = pet.make(&name);
    let answers = join_all((0..5).map(|_| bench.settled(&ctx, &op))).await;
    let mut outcomes = Vec::new();
    for answer in answers {
        outcomes.push(answer?);
    }
    let all: Vec<String> = outcomes.iter().map(said).collect();
    ensure(all.iter().all(|one| one == "done"), || format!("the answers: {}", all.join("; ")))?;
    ensure(outcomes.iter().all(|one| *one == outcomes[0]), || {
        format!("the answers differ: {outcomes:?}")
    })?;
    let there = bench.leftovers(&bench.probe.tag()).await?;
    let effects = there.iter().filter(|one| **one == pet.leftover(&name)).count();
    ensure(effects == 1, || format!("{effects} are listed: {}", there.join(", ")))?;
    Ok(String::new())
}

pub(super) async fn other_arguments(bench: &Bench<'_>) -> Finding {
    let pet = bench.pet()?;
    let (ctx, name, other) = (bench.ctx(), bench.name("args"), bench.name("other-args"));
    let first = bench.settled(&ctx, &pet.make(&name)).await?;
    bench.refused(&ctx, &pet.make(&other)).await?;
    bench.refused(&ctx, &pet.remove(&name)).await?;
    bench.see(&other, false).await?;
    bench.see(&name, true).await?;
    let again = bench.settled(&ctx, &pet.make(&name)).await?;
    ensure(first == again, || {
        format!("afterwards the operation itself is {}, not {}", said(&again), said(&first))
    })?;
    Ok(String::new())
}
