//! One message: six words in front, and its arguments.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use tokio_util::codec::LengthDelimitedCodec;

/// The longest message that a daemon sends or takes, with its length (`VIR_NET_MESSAGE_MAX` and the four
/// bytes in front of it).
pub const LONGEST: usize = 33_554_432 + 4;

/// How long the words in front are.
pub(super) const HEADER: usize = 24;

/// The program of the driver's procedures.
pub const REMOTE: u32 = 0x2000_8086;
/// The program of what only the QEMU driver has: its guest agent.
pub const QEMU: u32 = 0x2000_8087;
/// The program of keepalive messages.
pub const KEEPALIVE: u32 = 0x6b65_6570;

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Asks for something.
    Call,
    /// Answers a call.
    Reply,
    /// Tells something that nobody asked for.
    Event,
    /// A part of a stream, which this client never opens.
    Stream,
}

/// How a call went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Well; the arguments are those of the answer.
    Ok,
    /// Not; the arguments are an error.
    Error,
    /// More comes, in streams.
    Continue,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Whose procedures these are.
    pub program: u32,
    /// The procedure.
    pub procedure: u32,
    /// What it is.
    pub kind: Kind,
    /// The number of the call that it is, or answers.
    pub serial: u32,
    /// How the call went.
    pub status: Status,
    /// Arguments, in XDR.
    pub body: Bytes,
}

/// A message that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadFrame {
    /// It ends within the words in front.
    #[error("a message of {0} bytes is too short")]
    Short(usize),
    /// A word has no meaning.
    #[error("a message with {0} {1} means nothing")]
    Word(&'static str, u32),
}

impl Frame {
    /// A call of the driver's procedures, or of another program's.
    pub fn call(program: u32, procedure: u32, serial: u32, body: Vec<u8>) -> Frame {
        let (kind, status) = (Kind::Call, Status::Ok);
        Frame { program, procedure, kind, serial, status, body: Bytes::from(body) }
    }

    /// A keepalive message: 1 asks, 2 answers.
    pub fn keepalive(procedure: u32) -> Frame {
        let (kind, status) = (Kind::Event, Status::Ok);
        Frame { program: KEEPALIVE, procedure, kind, serial: 0, status, body: Bytes::new() }
    }

    /// As it is sent, without its length.
    pub fn encode(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(HEADER + self.body.len());
        out.put_u32(self.program);
        out.put_u32(1); // every program's version
        out.put_u32(self.procedure);
        out.put_u32(match self.kind {
            Kind::Call => 0,
            Kind::Reply => 1,
            Kind::Event => 2,
            Kind::Stream => 3,
        });
        out.put_u32(self.serial);
        out.put_u32(match self.status {
            Status::Ok => 0,
            Status::Error => 1,
            Status::Continue => 2,
        });
        out.extend_from_slice(&self.body);
        out.freeze()
    }

    /// Reads what was received, without its length.
    ///
    /// # Errors
    /// Where it is no message.
    pub fn decode(mut bytes: Bytes) -> Result<Frame, BadFrame> {
        if bytes.len() < HEADER {
            return Err(BadFrame::Short(bytes.len()));
        }
        let program = bytes.get_u32();
        let version = bytes.get_u32();
        let procedure = bytes.get_u32();
        let kind = match bytes.get_u32() {
            0 => Kind::Call,
            1 => Kind::Reply,
            2 => Kind::Event,
            3 => Kind::Stream,
            other => return Err(BadFrame::Word("type", other)),
        };
        let serial = bytes.get_u32();
        let status = match bytes.get_u32() {
            0 => Status::Ok,
            1 => Status::Error,
            2 => Status::Continue,
            other => return Err(BadFrame::Word("status", other)),
        };
        if version != 1 {
            return Err(BadFrame::Word("program version", version));
        }
        Ok(Frame { program, procedure, kind, serial, status, body: bytes })
    }
}

/// Cuts a stream into messages: each begins with its length, which counts itself.
pub fn codec() -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder()
        .length_field_length(4)
        .length_adjustment(-4)
        .max_frame_length(LONGEST)
        .new_codec()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio_util::codec::{Decoder, Encoder};

    use super::*;

    #[test]
    fn a_message_is_its_length_six_words_and_arguments() {
        let mut sent = BytesMut::new();
        codec().encode(Frame::call(REMOTE, 66, 7, vec![1, 2, 3, 4]).encode(), &mut sent).unwrap();
        let words: Vec<u32> =
            sent.chunks(4).map(|w| u32::from_be_bytes(w.try_into().unwrap())).collect();
        assert_eq!(words, [32, 0x2000_8086, 1, 66, 0, 7, 0, 0x0102_0304]);
    }

    #[test]
    fn half_a_message_waits_and_one_that_is_too_long_is_refused() {
        let mut half = BytesMut::from(&[0, 0, 0, 28, 0, 0][..]);
        assert!(codec().decode(&mut half).unwrap().is_none());
        let mut long = BytesMut::from(&[0xff, 0xff, 0xff, 0xff, 0, 0][..]);
        assert!(codec().decode(&mut long).is_err());
        let mut none = BytesMut::from(&[0, 0, 0, 2, 0, 0][..]);
        assert!(codec().decode(&mut none).is_err(), "shorter than its own length");
    }

    proptest! {
        #[test]
        fn whatever_arrives_is_a_message_or_none(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(frame) = Frame::decode(Bytes::from(bytes.clone())) {
                prop_assert_eq!(frame.encode(), Bytes::from(bytes));
            }
        }
    }
}
