//! The home of a VM: a text in an image of its own, which is replicated as its disks are.
//!
//! An image cannot be replaced in one step, and one that is mirrored must stay the same image. So it has two
//! places, and a text goes to the one that does not hold the newest: number, length, a digest of both and the
//! text, then the text. What was written by half has a wrong digest, and the text before it is still there.

/// Size of the image, for `rbd create`.
pub(crate) const SIZE: &str = "1M";
const BYTES: u64 = 1 << 20;
const PLACE: usize = 512 * 1024;
const HEAD: usize = 8 + 8 + 8 + 8;
const MAGIC: &[u8; 8] = b"MUSTERH1";
/// Writes are of whole sectors.
const SECTOR: usize = 4096;

/// The longest text.
pub(crate) const MOST: usize = PLACE - HEAD;

/// FNV-1a: it is to find what was written by half, not to stop anybody.
fn digest(parts: [&[u8]; 3]) -> u64 {
    let bytes = parts.into_iter().flatten();
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Number and text of a place.
fn place(image: &[u8], nr: usize) -> Option<(u64, &str)> {
    let place = image.get(nr * PLACE..)?.get(..PLACE)?;
    let number = |at: usize| Some(u64::from_le_bytes(place.get(at..at + 8)?.try_into().ok()?));
    if place.get(..8)? != MAGIC {
        return None;
    }
    let (count, length) = (number(8)?, number(16)?);
    let text = place.get(HEAD..)?.get(..usize::try_from(length).ok()?)?;
    let found = digest([&count.to_le_bytes(), &length.to_le_bytes(), text]);
    (found == number(24)?).then_some((count, std::str::from_utf8(text).ok()?))
}

fn newest(image: &[u8]) -> Option<(usize, u64, &str)> {
    let places = (0..2).filter_map(|nr| place(image, nr).map(|(count, text)| (nr, count, text)));
    places.max_by_key(|(_, count, _)| *count)
}

/// The text that an image holds; `None`: nothing was written yet.
pub(crate) fn text(image: &[u8]) -> Option<String> {
    newest(image).map(|(_, _, text)| text.to_owned())
}

/// What is to be written, in the format of `rbd export-diff`; `None`: it is too long.
pub(crate) fn diff(image: &[u8], text: &str) -> Option<Vec<u8>> {
    if text.len() > MOST {
        return None;
    }
    let (nr, count) = newest(image).map_or((0, 1), |(nr, count, _)| (1 - nr, count + 1));
    let length = text.len() as u64;
    let (count, length) = (count.to_le_bytes(), length.to_le_bytes());
    let mut place = Vec::with_capacity(HEAD + text.len());
    place.extend_from_slice(MAGIC);
    place.extend_from_slice(&count);
    place.extend_from_slice(&length);
    place.extend_from_slice(&digest([&count, &length, text.as_bytes()]).to_le_bytes());
    place.extend_from_slice(text.as_bytes());
    place.resize(place.len().next_multiple_of(SECTOR), 0);
    let mut diff = b"rbd diff v1\n".to_vec();
    diff.push(b's');
    diff.extend_from_slice(&BYTES.to_le_bytes());
    diff.push(b'w');
    diff.extend_from_slice(&((nr * PLACE) as u64).to_le_bytes());
    diff.extend_from_slice(&(place.len() as u64).to_le_bytes());
    diff.extend_from_slice(&place);
    diff.push(b'e');
    Some(diff)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `rbd import-diff` does, up to a number of bytes.
    fn apply(image: &mut [u8], diff: &[u8], upto: usize) {
        let rest = diff.strip_prefix(b"rbd diff v1\n").unwrap();
        assert_eq!((rest[0], rest[9]), (b's', b'w'));
        let number = |at: usize| u64::from_le_bytes(rest[at..at + 8].try_into().unwrap()) as usize;
        let (at, length) = (number(10), number(18));
        assert!(length.is_multiple_of(SECTOR) && rest[26 + length] == b'e');
        let length = length.min(upto);
        image[at..at + length].copy_from_slice(&rest[26..26 + length]);
    }

    #[test]
    fn a_text_is_replaced_whole_or_not_at_all() {
        let mut image = vec![0; BYTES as usize];
        assert_eq!(text(&image), None);
        for nr in 0..5 {
            let home = format!("<domain>{}</domain>", ["é", "ä", "ö"][nr % 3].repeat(3000 + nr));
            let diff = diff(&image, &home).unwrap();
            let before = text(&image);
            let mut torn = image.clone();
            apply(&mut torn, &diff, SECTOR);
            assert_eq!(text(&torn), before, "written by half");
            apply(&mut image, &diff, usize::MAX);
            assert_eq!(text(&image), Some(home));
        }
    }

    #[test]
    fn nonsense_holds_nothing() {
        assert_eq!(text(b""), None);
        assert_eq!(text(&vec![0xff; BYTES as usize]), None);
        let mut image = vec![0; BYTES as usize];
        let diff_of_short = diff(&image, "x").unwrap();
        apply(&mut image, &diff_of_short, usize::MAX);
        image[16..24].copy_from_slice(&u64::MAX.to_le_bytes());
        assert_eq!(text(&image), None);
        assert!(diff(&image, &"x".repeat(MOST)).is_some());
        assert!(diff(&image, &"x".repeat(MOST + 1)).is_none());
    }
}
