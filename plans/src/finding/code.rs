//! The list of codes. Each has its page in `plans/codes/`, and a test holds the two together.

use std::fmt;

use serde::{Serialize, Serializer};

macro_rules! codes {
    ($($name:ident = $text:literal),* $(,)?) => {
        /// Stable identity of a kind of finding.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "each has its page in plans/codes/")]
        pub enum Code {
            $($name),*
        }

        impl Code {
            /// All of them.
            pub const ALL: &[Code] = &[$(Code::$name),*];

            /// As people and programs see it.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Code::$name => $text),*
                }
            }
        }
    };
}

codes! {
    // reading documents
    YamlSyntax = "yaml-syntax",
    UnknownField = "unknown-field",
    // checking them against each other
    DanglingReference = "dangling-reference",
    // deriving groups
    TornConsistencyGroup = "torn-consistency-group",
    // compiling plans
    NothingToDo = "nothing-to-do",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
