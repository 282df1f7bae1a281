//! Reads what `strace -f -xx` wrote.

use std::collections::HashMap;

use anyhow::{Context, bail, ensure};

/// A call that succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) name: String,
    pub(crate) args: Vec<Arg>,
    pub(crate) result: i64,
    /// Number of the line on which it began, and on which it had ended.
    pub(crate) began: usize,
    pub(crate) ended: usize,
}

/// An argument of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Arg {
    /// A text or data, whole.
    Bytes(Vec<u8>),
    /// A number, flag or anything else, as it was printed.
    Word(String),
}

impl Call {
    pub(crate) fn bytes(&self, n: usize) -> anyhow::Result<&[u8]> {
        match self.args.get(n) {
            Some(Arg::Bytes(bytes)) => Ok(bytes),
            other => bail!("{} has no data at {n}, but {other:?}", self.name),
        }
    }

    pub(crate) fn path(&self, n: usize) -> anyhow::Result<&str> {
        Ok(std::str::from_utf8(self.bytes(n)?)?)
    }

    pub(crate) fn word(&self, n: usize) -> anyhow::Result<&str> {
        match self.args.get(n) {
            Some(Arg::Word(word)) => Ok(word),
            other => bail!("{} has no word at {n}, but {other:?}", self.name),
        }
    }

    pub(crate) fn number(&self, n: usize) -> anyhow::Result<u64> {
        let word = self.word(n)?;
        word.parse().with_context(|| format!("{} has no number at {n}, but {word}", self.name))
    }
}

/// Calls that succeeded, in the order in which they began.
pub(crate) fn read(trace: &str) -> anyhow::Result<Vec<Call>> {
    let mut open: HashMap<&str, (String, usize)> = HashMap::new();
    let mut calls = Vec::new();
    for (at, line) in trace.lines().enumerate() {
        let (thread, rest) = line.split_once(' ').context("a line without a thread")?;
        let rest = rest.trim_start();
        if let Some(first) = rest.strip_suffix(" <unfinished ...>") {
            open.insert(thread, (first.to_owned(), at));
        } else if let Some(resumed) = rest.strip_prefix("<... ") {
            let (_, tail) = resumed.split_once(" resumed>").context("a call without its end")?;
            let Some((head, began)) = open.remove(thread) else { continue };
            calls.extend(call(&format!("{head}{tail}"), began, at)?);
        } else if !rest.starts_with(['+', '-']) {
            calls.extend(call(rest, at, at)?);
        }
    }
    calls.sort_by_key(|call| call.began);
    Ok(calls)
}

/// `NAME(ARGS) = RESULT`. `None`: it failed, or the process ended in it.
fn call(text: &str, began: usize, ended: usize) -> anyhow::Result<Option<Call>> {
    let (name, rest) = text.split_once('(').context("a line without a call")?;
    let Some((args, result)) = rest.rsplit_once(" = ") else { bail!("no result: {name}") };
    let result = result.split(' ').next().unwrap_or_default();
    let result = match result.strip_prefix("0x") {
        Some(address) => i64::from_str_radix(address, 16).unwrap_or(i64::MAX),
        None if result == "?" => return Ok(None),
        None => result.parse()?,
    };
    if result < 0 {
        return Ok(None);
    }
    let args = args.trim_end().strip_suffix(')').context("a call without its end")?;
    let name = name.to_owned();
    let args = args.trim().split(", ").map(arg).collect::<anyhow::Result<_>>()?;
    Ok(Some(Call { name, args, result, began, ended }))
}

/// Data is printed in hexadecimal, so it holds no comma and no quote.
fn arg(text: &str) -> anyhow::Result<Arg> {
    let Some(data) = text.strip_prefix('"') else { return Ok(Arg::Word(text.to_owned())) };
    let data = data.strip_suffix('"').context("data that was cut off")?;
    ensure!(data.len().is_multiple_of(4), "data of a strange length");
    let bytes = data.as_bytes().chunks(4).map(|byte| {
        let digits = std::str::from_utf8(byte)?.strip_prefix("\\x").context("no hexadecimal")?;
        Ok(u8::from_str_radix(digits, 16)?)
    });
    Ok(Arg::Bytes(bytes.collect::<anyhow::Result<_>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_read_with_their_data_also_where_another_thread_comes_between() {
        let trace = r#"7 openat(AT_FDCWD, "\x2f\x61", O_RDWR|O_CREAT, 0644) = 3
7 pwrite64(3, "\x00\xff", 2, 4096 <unfinished ...>
8 fsync(4) = -1 EBADF (Bad file descriptor)
8 fdatasync(3 <unfinished ...>
7 <... pwrite64 resumed>) = 2
8 <... fdatasync resumed>)          = 0
7 mmap(NULL, 32768, PROT_READ, MAP_SHARED, 5, 0) = 0x7f5745038000
7 +++ exited with 0 +++
"#;
        let calls = read(trace).unwrap();
        let seen: Vec<_> =
            calls.iter().map(|call| (call.name.as_str(), call.began, call.ended)).collect();
        assert_eq!(
            seen,
            [("openat", 0, 0), ("pwrite64", 1, 4), ("fdatasync", 3, 5), ("mmap", 6, 6)]
        );
        assert_eq!((calls[0].path(1).unwrap(), calls[0].result), ("/a", 3));
        let write = &calls[1];
        assert_eq!(
            (write.bytes(1).unwrap(), write.number(3).unwrap()),
            ([0, 255].as_slice(), 4096)
        );
    }
}
