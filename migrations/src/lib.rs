//! Schema changes, one file each, expand then contract.
