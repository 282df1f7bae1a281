//! What is wrong with a name, a password or roles: all of it at once.

use super::role::Role;

/// Characters that a password has at least.
pub const MIN_PASSWORD: usize = 12;
/// And at most: hashing must not be a way to keep the server busy.
pub(super) const MAX: usize = 256;
/// Different characters that it has at least.
const DIFFERENT: usize = 5;
/// A shorter name of a user may stand in a password: it is there by chance.
const NAME: usize = 4;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// JSON pointer into the request that asks for it.
    pub pointer: String,
    /// Stable identity.
    pub code: &'static str,
    /// What is wrong.
    pub detail: String,
    /// How to mend it.
    pub help: String,
}

impl Fault {
    fn new(pointer: &str, code: &'static str, detail: &str, help: &str) -> Fault {
        let (pointer, detail, help) = (pointer.to_owned(), detail.to_owned(), help.to_owned());
        Fault { pointer, code, detail, help }
    }
}

/// What speaks against a new password. There are no rules about which kinds of characters are in
/// it: length is what counts, and that it cannot be guessed from the name.
pub(super) fn of_password(pointer: &str, user: &str, old: &str, new: &str) -> Vec<Fault> {
    let mut found = Vec::new();
    let mut fault = |code, detail: &str, help| found.push(Fault::new(pointer, code, detail, help));
    let length = new.chars().count();
    if length < MIN_PASSWORD {
        let detail = format!("it has {length} characters, and must have at least {MIN_PASSWORD}");
        fault("password-too-short", &detail, "a few words that do not belong together do well");
    }
    if length > MAX {
        let detail = format!("it has {length} characters, and may have at most {MAX}");
        fault("password-too-long", &detail, "take a shorter one");
    }
    let different: std::collections::BTreeSet<char> = new.chars().collect();
    if different.len() < DIFFERENT {
        let detail = format!("it has fewer than {DIFFERENT} different characters");
        fault("password-repeats", &detail, "take one that cannot be guessed");
    }
    let named = user.chars().count() >= NAME && new.to_lowercase().contains(&user.to_lowercase());
    if named {
        fault("password-holds-name", "it holds the user's name", "leave the name out");
    }
    if new == old {
        fault("password-not-new", "it is the one that there is", "take another one");
    }
    found
}

/// What speaks against a new user.
pub(super) fn of_user(name: &str, roles: &[String]) -> Vec<Fault> {
    let mut found = Vec::new();
    if !is_name(name) {
        let detail = format!("`{name}` cannot be a user's name");
        let help = "letters, digits and `. _ - @`, at most 64, beginning with a letter or digit";
        found.push(Fault::new("/name", "bad-name", &detail, help));
    }
    if RESERVED.contains(&name) {
        let detail = format!("`{name}` is what the server calls itself in the audit trail");
        found.push(Fault::new("/name", "bad-name", &detail, "take another name"));
    }
    found.extend(of_roles(roles));
    found
}

/// Actors of the audit trail that are nobody.
const RESERVED: [&str; 1] = ["muster"];

/// What speaks against a list of roles.
pub(super) fn of_roles(roles: &[String]) -> Vec<Fault> {
    let known: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
    let help = format!("there are {}", known.join(", "));
    let mut found = Vec::new();
    for (n, role) in roles.iter().enumerate() {
        let pointer = format!("/roles/{n}");
        if Role::from_name(role).is_none() {
            let detail = format!("there is no role `{role}`");
            found.push(Fault::new(&pointer, "unknown-role", &detail, &help));
        } else if roles[..n].contains(role) {
            let detail = format!("`{role}` stands twice");
            found.push(Fault::new(&pointer, "role-twice", &detail, "leave it out once"));
        }
    }
    if roles.is_empty() {
        let detail = "a user without a role could do nothing";
        found.push(Fault::new("/roles", "no-role", detail, &help));
    }
    found
}

fn is_name(name: &str) -> bool {
    let first = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    let rest = |byte: u8| byte.is_ascii_alphanumeric() || b"._-@".contains(&byte);
    first && name.len() <= 64 && name.bytes().all(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(found: &[Fault]) -> String {
        let list: Vec<_> =
            found.iter().map(|one| format!("{} {}", one.pointer, one.code)).collect();
        list.join(", ")
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let of = |old: &str, new: &str| codes(&of_password("/new", "mara", old, new));
        assert_eq!(of("x", "five words that fit well"), "");
        assert_eq!(of("x", "abcdefghijk"), "/new password-too-short");
        assert_eq!(of("x", &"abcdefghij".repeat(26)), "/new password-too-long");
        assert_eq!(of("x", "ünïcödé ist gut"), "", "characters are counted, not bytes");
        assert_eq!(
            of("MARA", "MARA"),
            "/new password-too-short, /new password-repeats, /new password-holds-name, \
             /new password-not-new"
        );
    }

    #[test]
    fn names_and_roles_are_looked_at_together() {
        let roles = |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        assert_eq!(codes(&of_user("bob.k@lyon", &roles(&["auditor"]))), "");
        assert_eq!(
            codes(&of_user("-x", &roles(&["auditor", "root", "auditor"]))),
            "/name bad-name, /roles/1 unknown-role, /roles/2 role-twice"
        );
        assert_eq!(codes(&of_user("muster", &[])), "/name bad-name, /roles no-role");
        for name in ["", "-x", "a b", "a\u{0}", "ä", &"a".repeat(65)] {
            assert!(!is_name(name), "{name}");
        }
    }
}
