//! Documents: all of a set or none.

use std::collections::BTreeMap;
use std::sync::Arc;

use muster_adapter_remote::client::{RemoteOptions, RemoteSite};
use muster_contract::SiteAdapter;
use muster_engine::Clock;
use muster_plans::check;
use muster_plans::config::Config;
use muster_plans::document::{self, Document};
use muster_plans::export;
use muster_plans::finding::Finding;
use muster_plans::id::SiteName;
use muster_plans::load::load;
use muster_plans::source::{Located, SourceFile};
use muster_store::{Base, Change as StoreChange, ChangeSet, SetMark, StoredDocument, WhatChange};

use super::{Asker, Refused};
use crate::api::dto::{ApplyRequest, ApplyResult, Change, ChangeKind};
use crate::app::App;
use crate::http::Code;
use crate::view;

/// Reads YAML, checks it together with what is stored, and stores it.
///
/// # Errors
/// With all findings, where one is an error; where the server moved on.
pub async fn apply(
    app: &Arc<App>,
    asker: &Asker,
    request: &ApplyRequest,
) -> Result<ApplyResult, Refused> {
    let files: Vec<SourceFile> =
        request.files.iter().map(|f| SourceFile::new(f.name.clone(), f.text.clone())).collect();
    let loaded = load(&files);
    if loaded.findings.iter().any(Finding::is_error) {
        return Err(bad(loaded.findings));
    }
    put(app, asker, loaded.documents, loaded.findings, request.base.as_deref(), request.dry_run)
        .await
}

/// Stores documents that came as JSON.
///
/// # Errors
/// As [`apply`].
pub async fn put_documents(
    app: &Arc<App>,
    asker: &Asker,
    documents: Vec<Document>,
    base: Option<&str>,
) -> Result<ApplyResult, Refused> {
    let located = documents.into_iter().map(Located::nowhere).collect();
    put(app, asker, located, Vec::new(), base, false).await
}

async fn put(
    app: &Arc<App>,
    asker: &Asker,
    documents: Vec<Located<Document>>,
    mut findings: Vec<Finding>,
    base: Option<&str>,
    dry_run: bool,
) -> Result<ApplyResult, Refused> {
    let (mark, stored) = app.store.documents().all().await?;
    if base.is_some_and(|base| base != mark.digest) {
        return Err(Refused::new(
            Code::VersionConflict,
            "the server's documents were changed in the meantime",
            "look at the difference again, then apply",
        ));
    }
    let together = together(&stored, &documents);
    findings.extend(check::check(&together));
    if findings.iter().any(Finding::is_error) {
        return Err(bad(findings));
    }
    let changes: Vec<Change> =
        documents.iter().map(|document| change_of(&stored, &document.value)).collect();
    for (document, change) in documents.iter().zip(&changes) {
        if change.change != ChangeKind::Unchanged {
            asker.may_write(document.value.kind())?;
        }
    }
    if !dry_run {
        store(app, asker, &mark, &documents).await?;
        load_documents(app).await?;
    }
    Ok(ApplyResult {
        changes,
        findings: findings.iter().map(view::finding).collect(),
        base: mark.digest,
        applied: !dry_run,
    })
}

/// Documents with findings.
pub fn bad(findings: Vec<Finding>) -> Refused {
    Refused::new(
        Code::BadDocument,
        "the documents cannot be used like this",
        "mend what is found; nothing was changed",
    )
    .with(findings)
}

/// What would be there: the stored documents, with the new ones in their places.
fn together(stored: &[StoredDocument], new: &[Located<Document>]) -> Vec<Located<Document>> {
    let is_replaced = |old: &StoredDocument| {
        new.iter().any(|n| n.value.kind() == old.kind && n.value.metadata.name == old.name)
    };
    let kept = stored.iter().filter(|old| !is_replaced(old)).filter_map(read);
    kept.map(Located::nowhere).chain(new.iter().cloned()).collect()
}

fn change_of(stored: &[StoredDocument], document: &Document) -> Change {
    let digest = export::digest(document);
    let old =
        stored.iter().find(|old| old.kind == document.kind() && old.name == document.metadata.name);
    Change {
        kind: view::word(&document.kind()),
        name: document.metadata.name.clone(),
        change: match old {
            None => ChangeKind::Added,
            Some(old) if old.digest == digest => ChangeKind::Unchanged,
            Some(_) => ChangeKind::Changed,
        },
    }
}

async fn store(
    app: &App,
    asker: &Asker,
    mark: &SetMark,
    documents: &[Located<Document>],
) -> Result<(), Refused> {
    let changes = documents
        .iter()
        .map(|document| StoreChange {
            kind: document.value.kind(),
            name: document.value.metadata.name.clone(),
            what: WhatChange::Put {
                json: document::to_json(&document.value).to_string(),
                source: None,
                digest: export::digest(&document.value),
            },
            expected: None,
        })
        .collect();
    let at = app.now();
    let base = Base::Generation(mark.generation);
    let set = ChangeSet { base, changes, at, by: asker.by.clone() };
    let applied = app.store.documents().apply(set).await?;
    let names: Vec<String> = documents
        .iter()
        .map(|d| format!("{}/{}", view::word(&d.value.kind()), d.value.metadata.name))
        .collect();
    let detail = serde_json::json!({
        "documents": names, "before": mark.digest, "after": applied.mark.digest,
    });
    app.store.audit().append(vec![asker.audit(at, "documents.apply", "documents", detail)]).await?;
    Ok(())
}

fn read(stored: &StoredDocument) -> Option<Document> {
    let json = serde_json::from_str(&stored.json).ok()?;
    match document::from_json(json) {
        Ok(document) => Some(document),
        Err(findings) => {
            let name = &stored.name;
            tracing::error!(document.name = %name, findings = ?findings, "a stored document cannot be read");
            None
        }
    }
}

/// All stored documents.
///
/// # Errors
/// Where the store does not answer.
pub async fn documents_of(app: &App) -> Result<(SetMark, Vec<Document>), Refused> {
    let (mark, stored) = app.store.documents().all().await?;
    Ok((mark, stored.iter().filter_map(read).collect()))
}

/// Takes the stored documents into the landscape, and connects the sites' agents anew.
///
/// # Errors
/// Where the store does not answer.
pub async fn load_documents(app: &Arc<App>) -> Result<(), Refused> {
    let (mark, documents) = documents_of(app).await?;
    let config = Config::from_documents(documents);
    connect(app, &config);
    app.current.change(|landscape| {
        landscape.status.retain(|site, _| config.sites.contains_key(site));
        landscape.config = config;
        landscape.digest = mark.digest;
    });
    app.look_again.notify_one();
    Ok(())
}

/// One agent for each site: where several backends name a site, the first by name that has an
/// endpoint.
fn connect(app: &App, config: &Config) {
    let mut adapters: BTreeMap<SiteName, Arc<dyn SiteAdapter>> = BTreeMap::new();
    for (name, backend) in &config.backends {
        if adapters.contains_key(&backend.site) {
            continue;
        }
        let clock = Arc::clone(&app.clock);
        let mut options = RemoteOptions::new(Arc::new(move || clock.now()));
        if let Some(secret) = &backend.secret_ref
            && let Err(error) = crate::secrets::put(&app.options.data, secret, &mut options)
        {
            // Without it the agent says that it does not know the server, and pages show that.
            tracing::error!(backend.name = %name, error = %error, "a backend's secret is not used");
        }
        match RemoteSite::new(backend.site.clone(), &backend.endpoint, options) {
            Ok(site) => drop(adapters.insert(backend.site.clone(), Arc::new(site))),
            Err(error) => {
                tracing::error!(backend.name = %name, error = %error, "a backend cannot be used");
            }
        }
    }
    app.sites.replace(adapters);
}
