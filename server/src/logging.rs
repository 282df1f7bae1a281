//! Logs to stderr; `MUSTER_LOG` filters them, `MUSTER_LOG_FORMAT=json` makes them machine-readable.

use tracing_subscriber::EnvFilter;

/// Starts logging. A second call does nothing.
pub fn install() {
    let filter = EnvFilter::try_from_env("MUSTER_LOG").unwrap_or_else(|_| {
        EnvFilter::new("info,sqlx=warn,sea_orm=warn,sea_orm_migration=warn,tower_http=info")
    });
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let json = std::env::var("MUSTER_LOG_FORMAT").is_ok_and(|format| format == "json");
    let _ = if json { builder.json().try_init() } else { builder.try_init() };
}
