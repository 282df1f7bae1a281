//! What came of all hosts of a site.

use muster_contract::{Reason, Stop};
use muster_plans::id::HostId;

/// What came of one host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It is proven to be off.
    Off {
        /// Nobody had to do anything for it.
        already: bool,
    },
    /// It was told nothing.
    Refused(Reason),
    /// It was told, and is not proven to be off.
    Unknown(String),
}

/// Whether all are off, and whether all were before. Once one was told something the site is not as it was.
pub(crate) fn site(ends: &[(HostId, End)]) -> Result<bool, Stop> {
    let mut wrong = Vec::new();
    let (mut off, mut touched, mut first) = (0, false, None);
    for (host, end) in ends {
        match end {
            End::Off { already } => {
                off += 1;
                touched |= !already;
            }
            End::Refused(reason) => {
                wrong.push(format!("{host}: {}", reason.message));
                first = first.or(Some(reason.class));
            }
            End::Unknown(why) => {
                wrong.push(format!("{host}: {why}"));
                touched = true;
            }
        }
    }
    if wrong.is_empty() {
        return Ok(!touched);
    }
    let hosts = ends.len();
    let message = format!("{off} of {hosts} hosts are proven to be off; {}", wrong.join("; "));
    match first {
        Some(class) if !touched => Err(Stop::no(class, message)),
        _ => Err(Stop::unknown(message)),
    }
}

/// The same of one host alone.
pub(crate) fn one(end: End) -> Result<bool, Stop> {
    match end {
        End::Off { already } => Ok(already),
        End::Refused(reason) => Err(reason.into()),
        End::Unknown(why) => Err(Stop::unknown(why)),
    }
}

#[cfg(test)]
mod tests {
    use muster_contract::ErrorClass;

    use super::*;

    #[test]
    fn one_host_that_is_not_off_is_one_too_many() {
        let no = || End::Refused(Reason { class: ErrorClass::Auth, message: "no".to_owned() });
        let unknown = || End::Unknown("who knows".to_owned());
        let (was, is) = (|| End::Off { already: true }, || End::Off { already: false });
        let said = |ends: Vec<End>| {
            let named = ends.into_iter().enumerate();
            site(&named.map(|(at, end)| (format!("h{at}").into(), end)).collect::<Vec<_>>())
        };
        assert_eq!(said(vec![was(), was()]), Ok(true));
        assert_eq!(said(vec![was(), is()]), Ok(false));
        let stops = [vec![was(), no()], vec![is(), no()], vec![no(), unknown()], vec![unknown()]];
        insta::assert_debug_snapshot!(stops.map(|ends| said(ends).unwrap_err()));
    }
}
