//! The open adapter protocol over HTTP: client and server side.
