//! Which VMs a `match` picks, for many matches at once.

use globset::{Candidate, GlobBuilder, GlobSet, GlobSetBuilder};

use super::found::Found;
use super::lookup::{Lookup, with_room};
use crate::document::Match;
use crate::finding::Code;
use crate::id::PolicyName;
use crate::inventory::VirtualMachine;

/// Matches, compiled once. Names without `*` and `?` are looked up, and so are tags; the other
/// patterns are tried all together.
pub(crate) struct Matcher<'a> {
    matches: Vec<&'a Match>,
    /// Matches with neither a name nor a tag: tried on every VM.
    plain: Vec<u32>,
    /// Matches without a name by their first tag and its value.
    tagged: Vec<(&'a str, OfValue<'a>)>,
    exact: Lookup<&'a str, Vec<u32>>,
    globs: GlobSet,
    /// Glob to match.
    of_glob: Vec<u32>,
}

/// Matches by the value of one tag.
type OfValue<'a> = Lookup<&'a str, Vec<u32>>;

impl<'a> Matcher<'a> {
    /// Compiles matches; a pattern that cannot be compiled is a finding and matches nothing.
    pub(crate) fn new(
        matches: impl IntoIterator<Item = &'a Match>,
        found: &mut Found,
    ) -> Matcher<'a> {
        let matches: Vec<&Match> = matches.into_iter().collect();
        let (mut plain, mut tagged) = (Vec::new(), Vec::new());
        let (mut exact, mut of_glob) = (with_room(0), Vec::new());
        let mut globs = GlobSetBuilder::new();
        for (ix, select) in (0_u32..).zip(&matches) {
            match &select.name {
                None => match select.tags.first_key_value() {
                    Some((tag, value)) => of_tag(&mut tagged, tag, value).push(ix),
                    None => plain.push(ix),
                },
                Some(name) if !name.contains(['*', '?']) => {
                    exact.entry(name.as_str()).or_insert_with(Vec::new).push(ix);
                }
                Some(pattern) => {
                    match GlobBuilder::new(&escape(pattern)).backslash_escape(false).build() {
                        Ok(glob) => {
                            globs.add(glob);
                            of_glob.push(ix);
                        }
                        Err(error) => bad_pattern(found, pattern, &error),
                    }
                }
            }
        }
        let globs = globs.build().unwrap_or_else(|error| {
            bad_pattern(found, "of this plan", &error);
            GlobSet::empty()
        });
        Matcher { matches, plain, tagged, exact, globs, of_glob }
    }

    /// Puts the matches that pick this VM into `hits`, in their order.
    pub(crate) fn hits(&self, vm: &VirtualMachine, hits: &mut Vec<u32>) {
        hits.clear();
        hits.extend_from_slice(&self.plain);
        for (tag, of_value) in &self.tagged {
            let value = vm.tags.get(*tag);
            hits.extend(value.and_then(|value| of_value.get(&**value)).into_iter().flatten());
        }
        if let Some(exact) = self.exact.get(&*vm.name) {
            hits.extend_from_slice(exact);
        }
        if !self.of_glob.is_empty() {
            let globs = self.globs.matches_candidate(&Candidate::new(&*vm.name));
            hits.extend(globs.into_iter().map(|glob| self.of_glob[glob]));
        }
        hits.retain(|&ix| holds(self.matches[ix as usize], vm));
        hits.sort_unstable();
    }
}

/// The matches of a tag with a value.
fn of_tag<'a, 't>(
    tagged: &'t mut Vec<(&'a str, OfValue<'a>)>,
    tag: &'a str,
    value: &'a str,
) -> &'t mut Vec<u32> {
    let place = tagged.iter().position(|(known, _)| *known == tag).unwrap_or_else(|| {
        tagged.push((tag, with_room(1)));
        tagged.len() - 1
    });
    tagged[place].1.entry(value).or_default()
}

/// Whether policy and tags hold; the name was looked at before.
fn holds(select: &Match, vm: &VirtualMachine) -> bool {
    let policy = |policy: &PolicyName| vm.objects.iter().any(|o| o.policy.as_ref() == Some(policy));
    select.policy.as_ref().is_none_or(policy)
        && select
            .tags
            .iter()
            .all(|(tag, value)| vm.tags.get(tag.as_str()).is_some_and(|v| **v == **value))
}

/// Only `*` and `?` mean anything in names of the plan language.
fn escape(pattern: &str) -> String {
    let mut escaped = String::with_capacity(pattern.len());
    for c in pattern.chars() {
        if matches!(c, '[' | '{' | '}') {
            escaped.push('[');
            escaped.push(c);
            escaped.push(']');
        } else {
            escaped.push(c);
        }
    }
    escaped
}

fn bad_pattern(found: &mut Found, pattern: &str, error: &globset::Error) {
    let message = format!("name pattern `{pattern}` cannot be used: {error}");
    found.error(Code::BadPattern, message, "use only `*` and `?` beside the characters of names");
}
