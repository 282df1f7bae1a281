//! As much HTTP/1.1 as the client of this crate speaks, by hand: a library would not let a connection
//! be reset in the middle.

use std::io::{Error, ErrorKind};

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use crate::wire::REQUEST_LIMIT;

/// Headers that matter to an agent.
const KEPT: [&str; 2] = ["authorization", "content-type"];

/// A request.
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// Reads one request.
pub(super) async fn read(socket: &mut TcpStream) -> std::io::Result<Request> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        more(socket, &mut bytes).await?;
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let mut lines = text.lines();
    let mut first = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(path)) = (first.next(), first.next()) else {
        return Err(Error::from(ErrorKind::InvalidData));
    };
    let (mut length, mut headers) = (0, Vec::new());
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let (name, value) = (name.to_ascii_lowercase(), value.trim().to_owned());
        if name == "content-length" {
            length = value.parse().map_err(|_| Error::from(ErrorKind::InvalidData))?;
        } else if KEPT.contains(&name.as_str()) {
            headers.push((name, value));
        }
    }
    while bytes.len() < head + length {
        more(socket, &mut bytes).await?;
    }
    let body = bytes[head..head + length].to_vec();
    Ok(Request { method: method.to_owned(), path: path.to_owned(), headers, body })
}

async fn more(socket: &mut TcpStream, into: &mut Vec<u8>) -> std::io::Result<()> {
    let mut chunk = [0; 8192];
    match socket.read(&mut chunk).await? {
        0 => Err(Error::from(ErrorKind::UnexpectedEof)),
        _ if into.len() > REQUEST_LIMIT => Err(Error::from(ErrorKind::InvalidData)),
        read => {
            into.extend_from_slice(&chunk[..read]);
            Ok(())
        }
    }
}

/// An answer, after which the connection ends.
pub(super) fn answer(status: u16, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status} Bent\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}
