//! The forty cases, and what each proves.

use std::pin::Pin;

use serde::Serialize;

use super::bench::Bench;
use super::hand::Hook;
use super::{
    Finding, busy, capability, copy, flight, identity, lab, lost, names, points, restart, scope,
    sides, sight, states, token, unknown,
};

/// What a case is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct About {
    /// `ATK-` and its number; stable.
    pub id: &'static str,
    /// What it demands.
    pub title: &'static str,
    /// What is known of an agent that passes it.
    pub proves: &'static str,
    /// Without all of these it is not applicable.
    pub needs: &'static [Hook],
    /// With these it proves more, or is applicable where it would not be.
    pub helps: &'static [Hook],
}

pub(super) type Run =
    for<'b, 'a> fn(&'b Bench<'a>) -> Pin<Box<dyn Future<Output = Finding> + Send + 'b>>;

/// All cases, by number.
pub fn cases() -> impl Iterator<Item = &'static About> {
    CASES.iter().map(|(about, _)| about)
}

macro_rules! table {
    ($($id:literal $title:literal $proves:literal [$($needs:ident)*] [$($helps:ident)*] $case:path;)*) => {
        /// By number. `ATK-17` and `ATK-31` judge what all others heard, and run last.
        pub(super) const CASES: &[(About, Run)] = &[$((
            About {
                id: $id,
                title: $title,
                proves: $proves,
                needs: &[$(Hook::$needs),*],
                helps: &[$(Hook::$helps),*],
            },
            |bench| Box::pin($case(bench)),
        )),*];
    };
}

table! {
    "ATK-01" "what is declared is supported, and nothing else"
        "a plan that was checked against the capabilities asks for nothing that cannot be done"
        [] [] capability::truthful;
    "ATK-02" "the same operation id twice gives the same answer"
        "a request that is sent again does not do its work again"
        [] [] identity::twice;
    "ATK-03" "the same operation id five times at once has one effect"
        "copies of a request on the network do not race each other"
        [] [] identity::five_at_once;
    "ATK-04" "the same operation id after a restart of the agent gives the same answer"
        "results are on disk before they are answered"
        [Restart] [Effects] restart::same_id;
    "ATK-05" "the same operation id with other arguments is refused"
        "a mix-up of ids is noticed and does no harm"
        [] [] identity::other_arguments;
    "ATK-06" "a lower token is refused"
        "a server that was replaced cannot act"
        [] [] token::lower;
    "ATK-07" "a lower token that comes while a higher one is in flight is refused"
        "tokens are compared when the object's turn has come, not only at rest"
        [] [] flight::lower;
    "ATK-08" "the token is compared at the effect"
        "what was accepted before a fence was raised has no effect after it"
        [] [Late] flight::at_the_effect;
    "ATK-09" "after a raised fence nothing older has an effect"
        "a failover is safe from what was sent before it"
        [] [] token::fenced;
    "ATK-10" "fences and the highest token survive a restart of the agent"
        "restarting an agent does not let a replaced server in"
        [Restart] [] restart::token;
    "ATK-11" "what is already so is done without a change"
        "a run that is resumed goes through what it did before"
        [] [] states::already;
    "ATK-12" "a wrong start state is refused and nothing changes"
        "a refusal can be relied on"
        [] [] states::wrong_start;
    "ATK-13" "a timeout is never a guess"
        "nobody takes a lost answer for a failure, or for success"
        [] [Line Lost AnswerLost] lost::timeout;
    "ATK-14" "a connection reset is never a guess"
        "nobody takes a broken connection for a failure, or for success"
        [Line] [] lost::reset;
    "ATK-15" "what became of an operation can be asked"
        "an unknown outcome can be cleared up without doing it again"
        [] [] unknown::status;
    "ATK-16" "cancel before, during and after"
        "a cancel that says done is true"
        [] [] unknown::cancel;
    "ATK-17" "deadlines are kept within two seconds"
        "a backend that hangs does not hang the run"
        [] [] unknown::deadline;
    "ATK-18" "killed twenty times and asked again, each operation has one effect"
        "a kill at any moment is harmless"
        [Restart] [Effects] restart::kills;
    "ATK-19" "a dry run changes nothing"
        "plans can be tried on production"
        [] [] states::dry_run;
    "ATK-20" "a test cannot touch what is not its own"
        "a test of a plan cannot harm production"
        [] [] scope::test_mode;
    "ATK-21" "cleanup removes only its own objects, and twice is fine"
        "cleaning up after one test does not harm another one"
        [] [] scope::cleanup;
    "ATK-22" "an unplanned failover does not wait for the failed site"
        "it works where it is needed: when the other site is a black hole"
        [Lab Cut] [Contacts] lab::black_hole;
    "ATK-23" "a promote without evidence is refused while the peer is writable"
        "a mistake in a plan does not make two writers"
        [] [] points::guarded;
    "ATK-24" "a look shows what was done, or says how old it is"
        "reading back proves something"
        [] [] sight::own_write;
    "ATK-25" "operations that are under way are listed"
        "a look in between is not taken for the end"
        [] [] sight::pending;
    "ATK-26" "what is done by half is not called done or refused"
        "a backend that stops half way is noticed, and trying again mends it"
        [Lab HalfWay] [] copy::half_way;
    "ATK-27" "a name that is used again is another object"
        "a cleanup that comes late does not remove what somebody else made"
        [] [] names::reused;
    "ATK-28" "a renamed object is found by its UUID"
        "administrators may go on working"
        [Rename] [] names::renamed;
    "ATK-29" "a backend that throttles is not stormed"
        "the agent does not make an overload worse"
        [Throttle Calls] [] busy::throttled;
    "ATK-30" "expired credentials are renewed once, or named"
        "a person is told what to do"
        [Expire] [Calls] busy::expired;
    "ATK-31" "no secret is in an answer or in the log"
        "messages may be shown and stored"
        [] [Line Log] sides::secrets;
    "ATK-32" "garbage is an error of its own class, and never a guess"
        "a broken backend or a proxy in between is not believed"
        [] [Line Garble] lost::garbage;
    "ATK-33" "the inventory of a thousand objects comes in bounded time"
        "large sites can be planned for"
        [] [] sight::inventory;
    "ATK-34" "operations on different objects do not wait for each other"
        "one object that hangs does not stop a recovery"
        [] [Hang] flight::side_by_side;
    "ATK-35" "the generation rises at each promote, above both copies and what is known of them"
        "the newer copy can be told, whichever site is asked"
        [Lab] [] lab::generations;
    "ATK-36" "recovery points are complete, with their age, newest first"
        "the point that is promised is the one that one gets"
        [] [] points::listed;
    "ATK-37" "data is kept in a snapshot before it is discarded"
        "turning replication round cannot lose the last copy of something"
        [Lab Cut Snapshots] [] lab::snapshot_first;
    "ATK-38" "a power-on is refused while another instance holds the lock"
        "a VM does not run twice"
        [Lab] [] lab::locked;
    "ATK-39" "network cards are connected, and seen to be, before the power-on"
        "a test copy never shows itself on a production network"
        [Lab] [] copy::cards_first;
    "ATK-40" "newer and older sides are understood, or told apart"
        "servers and agents can be upgraded one after the other"
        [Line] [] sides::versions;
}
