//! One durable write as one line: 32 digits of SHA-256, a space, a JSON list of records.

use sha2::{Digest, Sha256};

use super::record::Record;

const DIGITS: usize = 32;

pub(super) fn write(batch: &[Record]) -> serde_json::Result<Vec<u8>> {
    let json = serde_json::to_vec(batch)?;
    let mut line = digest(&json).into_bytes();
    line.push(b' ');
    line.extend_from_slice(&json);
    line.push(b'\n');
    Ok(line)
}

/// `None`: torn or damaged.
pub(super) fn read(line: &[u8]) -> Option<Vec<Record>> {
    let line = line.strip_suffix(b"\n")?;
    let (found, rest) = line.split_at_checked(DIGITS)?;
    let json = rest.strip_prefix(b" ")?;
    if digest(json).as_bytes() != found {
        return None;
    }
    serde_json::from_slice(json).ok()
}

fn digest(json: &[u8]) -> String {
    Sha256::digest(json).iter().take(DIGITS / 2).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use muster_contract::Token;

    use super::*;

    #[test]
    fn a_line_that_is_not_whole_is_none() {
        let token = Token { incarnation: 1, epoch: 2, seq: 3 };
        let batch = [Record::Floor { group: None, token }];
        let line = write(&batch).unwrap();
        assert_eq!(read(&line).unwrap(), batch);
        for end in 0..line.len() {
            assert_eq!(read(&line[..end]), None, "{end}");
        }
        for place in 0..line.len() {
            let mut other = line.clone();
            other[place] ^= 1;
            assert_eq!(read(&other), None, "{place}");
        }
    }
}
