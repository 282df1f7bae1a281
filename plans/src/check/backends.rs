//! Backends: where they answer, and that they hold no secret.

use super::set::{Item, Set, repeats};
use crate::document::BackendSpec;
use crate::finding::{Code, Finding, Place, shown};

/// Parts of setting names that mean a secret.
const SECRETS: [&str; 8] =
    ["password", "passwd", "secret", "token", "apikey", "api-key", "private-key", "credential"];

pub(super) fn check(set: &Set<'_>, findings: &mut Vec<Finding>) {
    for backend in &set.backends {
        secrets(backend, findings);
        endpoint(backend, findings);
        repeats(&backend.spec.roles, |ix, role| {
            let role = format!("{role:?}").to_lowercase();
            findings.push(backend.repeated(&format!("/spec/roles/{ix}"), &role));
        });
    }
}

fn secrets(backend: &Item<'_, BackendSpec>, findings: &mut Vec<Finding>) {
    let help = "store it as a secret on the server, and name it with `secretRef`";
    for key in backend.spec.settings.keys() {
        let plain = key.to_lowercase().replace('_', "-");
        if SECRETS.iter().any(|secret| plain.contains(secret)) {
            let message =
                format!("{} holds a secret in its setting `{}`", backend.title(), shown(key));
            let pointer = format!("/spec/settings/{}", key.replace('~', "~0").replace('/', "~1"));
            let finding = Finding::error(Code::SecretInDocument, message, help);
            findings.push(masked(backend.key(&pointer, finding), backend.place(&pointer)));
        }
    }
    let authority = backend.spec.endpoint.split_once("://").map(|(_, rest)| rest);
    let authority = authority.and_then(|rest| rest.split('/').next()).unwrap_or_default();
    if authority.contains('@') {
        let message = format!("{} holds credentials in its endpoint", backend.title());
        let finding = Finding::error(Code::SecretInDocument, message, help);
        let finding = backend.value("/spec/endpoint", finding);
        let place = finding.place.clone();
        findings.push(masked(finding, place));
    }
}

/// Findings go to logs and to pages of forges, so the excerpt must not repeat the secret.
fn masked(mut finding: Finding, secret: Option<Place>) -> Finding {
    if let (Some(place), Some(secret)) = (&mut finding.place, secret) {
        let hidden = secret.column..secret.end_column;
        let same_line = place.line == secret.line;
        place.excerpt = (1_u32..)
            .zip(place.excerpt.chars())
            .map(|(column, c)| if same_line && hidden.contains(&column) { '•' } else { c })
            .collect();
    }
    finding
}

fn endpoint(backend: &Item<'_, BackendSpec>, findings: &mut Vec<Finding>) {
    let endpoint = backend.spec.endpoint.as_str();
    let host = ["https://", "http://"].iter().find_map(|scheme| endpoint.strip_prefix(scheme));
    let good = host.is_some_and(|host| {
        !host.starts_with(['/', ':']) && !host.is_empty() && !host.contains(char::is_whitespace)
    });
    if backend.spec.adapter != "agent" || good {
        return;
    }
    let finding = Finding::error(
        Code::BadEndpoint,
        format!("{}: `{}` is no address of a site agent", backend.title(), shown(endpoint)),
        "write a URL such as https://agent.paris.example:8443",
    );
    findings.push(backend.value("/spec/endpoint", finding));
}
