//! Page structs with plain fields, templates and static files.
