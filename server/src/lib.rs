//! Muster, the application.
