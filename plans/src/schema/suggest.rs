//! "Did you mean".

/// Longer texts are no misspelt names, and the distance would take long to compute.
const LONGEST: usize = 64;

/// The candidate that was probably meant: equal but for case and separators, or a few letters away.
pub(crate) fn nearest<S: AsRef<str>>(
    text: &str,
    candidates: impl IntoIterator<Item = S>,
) -> Option<String> {
    if text.is_empty() || text.len() > LONGEST {
        return None;
    }
    let plain = plain(text);
    let allowed = (plain.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .filter(|candidate| candidate.as_ref().len() <= LONGEST)
        .map(|candidate| {
            let name = candidate.as_ref();
            (strsim::damerau_levenshtein(&plain, &self::plain(name)), name.to_owned())
        })
        .filter(|(distance, name)| *distance <= allowed && *distance < name.chars().count())
        .min()
        .map(|(_, name)| name)
}

/// Help that names the nearest candidate, or else lists what there is.
pub(crate) fn help<S: AsRef<str>>(text: &str, candidates: &[S]) -> String {
    if let Some(name) = nearest(text, candidates) {
        return format!("did you mean `{name}`?");
    }
    match (list(candidates), candidates.len()) {
        (Some(list), 1) => format!("write {list}"),
        (Some(list), _) => format!("write one of {list}"),
        (None, _) => "remove it; nothing may stand here".into(),
    }
}

/// `` `a`, `b` and `c` ``, cut after twelve.
pub(crate) fn list<S: AsRef<str>>(names: &[S]) -> Option<String> {
    const MOST: usize = 12;
    let quoted: Vec<String> =
        names.iter().take(MOST).map(|name| format!("`{}`", name.as_ref())).collect();
    if names.len() > MOST {
        return Some(format!("{} and {} more", quoted.join(", "), names.len() - MOST));
    }
    let (last, rest) = quoted.split_last()?;
    Some(if rest.is_empty() { last.clone() } else { format!("{} and {last}", rest.join(", ")) })
}

fn plain(text: &str) -> String {
    text.chars().filter(|c| !"-_ ".contains(*c)).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_what_was_meant_and_nothing_far_fetched() {
        let fields = ["priority", "shutdown", "startup", "after-power-on"];
        assert_eq!(nearest("prioritty", fields).as_deref(), Some("priority"));
        assert_eq!(nearest("afterPowerOn", fields).as_deref(), Some("after-power-on"));
        assert_eq!(nearest("colour", fields), None);
        assert_eq!(nearest("", fields), None);
        assert_eq!(nearest(&"priority".repeat(1000), fields), None);
    }

    #[test]
    fn long_lists_are_cut() {
        let names: Vec<String> = (0..20).map(|n| n.to_string()).collect();
        assert_eq!(list(&names[..1]).unwrap(), "`0`");
        assert_eq!(list(&names[..3]).unwrap(), "`0`, `1` and `2`");
        assert!(list(&names).unwrap().ends_with("`11` and 8 more"));
    }
}
