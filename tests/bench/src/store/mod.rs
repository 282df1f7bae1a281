//! The journal and the lists of the store, on a file on disk.

mod lists;
mod load;
mod write;

use std::path::Path;

use muster_store::{Options, Store};

use crate::report::Report;

/// Measures all of it.
pub(crate) fn run(report: &mut Report) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        write::run(report).await?;
        load::run(report).await?;
        lists::run(report).await
    })
}

async fn open(folder: &Path) -> anyhow::Result<Store> {
    let location = folder.join("muster.db").display().to_string();
    Ok(Store::open(&location, Options::default()).await?)
}
