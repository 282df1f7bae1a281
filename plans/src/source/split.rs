//! Cuts a file into its documents, so that a broken one does not hide the others.

use std::ops::Range;

/// The byte ranges of a file's documents. YAML forbids `---` and `...` at the start of a line
/// inside any scalar, so lines alone decide. What holds only comments is no document.
pub(crate) fn documents(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let (mut start, mut at) = (0, 0);
    let (mut marked, mut content) = (false, false);
    for line in text.split_inclusive('\n') {
        let end = at + line.len();
        if is_marker(line, "---") {
            if content {
                found.push(start..at);
            }
            // Directives and comments before the first `---` belong to the document after it.
            if content || marked {
                start = at;
            }
            marked = true;
            content = has_content(&line[3..]);
        } else if is_marker(line, "...") {
            if content {
                found.push(start..at);
            }
            (start, marked, content) = (end, false, false);
        } else {
            content |= !line.starts_with('%') && has_content(line);
        }
        at = end;
    }
    if content {
        found.push(start..text.len());
    }
    found
}

fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
}

fn has_content(line: &str) -> bool {
    let line = line.trim_start_matches('\u{feff}').trim();
    !line.is_empty() && !line.starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Vec<&str> {
        documents(text).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn documents_are_cut_at_their_markers() {
        assert_eq!(parts("a: 1\n---\nb: 2\n"), ["a: 1\n", "---\nb: 2\n"]);
        assert_eq!(parts("# c\n---\na: 1\n...\n"), ["# c\n---\na: 1\n"]);
        assert_eq!(parts("---\n---\na: 1"), ["---\na: 1"]);
        assert_eq!(parts("--- {a: 1}\n--- # none\n"), ["--- {a: 1}\n"]);
        assert_eq!(parts("t: |\n  ---\n  x\n"), ["t: |\n  ---\n  x\n"]);
        assert_eq!(parts("---x: 1\n"), ["---x: 1\n"]);
        assert_eq!(parts("# nothing\n\n"), Vec::<&str>::new());
    }
}
