//! States as people see them: each has a word, an icon and a tone, so that none is told by colour
//! alone. Whoever fills a page translates its own states into these, once.

mod kind;
mod plan;
mod run;
mod site;

pub use kind::{Face, RunKind};
pub use plan::{Compliance, Level, Protection, Readiness};
pub use run::{RunState, StepState};
pub use site::{Fence, Health, Power, Replication, Sight};

/// What a colour stands for. It never stands alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Nothing to see.
    Quiet,
    /// Under way.
    Info,
    /// As it should be.
    Good,
    /// Look at this.
    Warn,
    /// Broken, or dangerous.
    Bad,
    /// Belongs to a test.
    Test,
}

impl Tone {
    /// The CSS class.
    pub fn class(self) -> &'static str {
        match self {
            Tone::Quiet => "quiet",
            Tone::Info => "info",
            Tone::Good => "good",
            Tone::Warn => "warn",
            Tone::Bad => "bad",
            Tone::Test => "test",
        }
    }
}

/// Defines an enum of states with its words. One line per state: variant, name in URLs and CSS
/// hooks, tone, icon of the sprite, text.
macro_rules! states {
    ($(#[$doc:meta])* $name:ident { $(
        $(#[$vdoc:meta])* $variant:ident = $slug:literal, $tone:ident, $icon:literal, $text:literal;
    )* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$vdoc])* $variant),* }

        impl $name {
            /// All of them, in the order of their definition.
            pub const ALL: &'static [$name] = &[$($name::$variant),*];

            /// Its name in URLs and for tests.
            pub fn slug(self) -> &'static str {
                match self { $($name::$variant => $slug),* }
            }

            /// What people read.
            pub fn text(self) -> &'static str {
                match self { $($name::$variant => $text),* }
            }

            /// What its colour stands for.
            pub fn tone(self) -> $crate::state::Tone {
                match self { $($name::$variant => $crate::state::Tone::$tone),* }
            }

            /// Icon, text and tone together.
            pub fn badge(self) -> $crate::part::Badge {
                let icon = match self { $($name::$variant => $icon),* };
                $crate::part::Badge {
                    tone: self.tone(), icon, text: self.text(), slug: self.slug(),
                }
            }
        }
    };
}
pub(crate) use states;
