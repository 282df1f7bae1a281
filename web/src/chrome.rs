//! What is around every page.

use crate::state::{Level, Tone};

/// The frame of a page.
#[derive(Clone, Debug)]
pub struct Chrome {
    /// Title of the page, without the product's name.
    pub title: String,
    /// Which entry of the navigation is the current one.
    pub active: Nav,
    /// Who is signed in.
    pub user: Option<User>,
    /// Colours.
    pub theme: Theme,
    /// Token that every form carries as `csrf`; empty: forms carry none.
    pub csrf: String,
    /// Stands above everything: a demonstration, a server that is not the leader, a freeze.
    pub banner: Option<Banner>,
    /// The server holds after a restore: what is shown is not acted upon.
    pub hold: Option<Hold>,
    /// What came of the last form: shown once.
    pub flash: Option<(Level, String)>,
    /// Runs that wait for a person, everywhere.
    pub waiting: u32,
    /// Path and query of this page: theme switch and sign-in come back to it.
    pub here: String,
    /// Version of the server.
    pub version: String,
}

impl Chrome {
    /// A frame with a title and nothing else.
    pub fn new(title: impl Into<String>, active: Nav) -> Chrome {
        Chrome {
            title: title.into(),
            active,
            user: None,
            theme: Theme::System,
            csrf: String::new(),
            banner: None,
            hold: None,
            flash: None,
            waiting: 0,
            here: String::from("/"),
            version: String::new(),
        }
    }
}

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Name.
    pub name: String,
    /// Role, as people read it.
    pub role: String,
}

/// A line above everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Banner {
    /// What its colour stands for.
    pub tone: Tone,
    /// One sentence.
    pub text: String,
}

/// The server holds until a person lets it go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Why this person may not let it go on; `None`: they may.
    pub refused: Option<String>,
    /// What the sites hold, and the database does not know.
    pub contradictions: Vec<Contradiction>,
}

/// A plan whose state in the database is not what its storage says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// The plan.
    pub plan: String,
    /// What does not fit, one consistency group each.
    pub says: Vec<String>,
    /// What letting the server go on makes of it.
    pub then: String,
}

/// Colours of the console. Kept in the cookie `theme`, so that the first byte of a page is right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the system is set.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// All of them.
    pub const ALL: [Theme; 3] = [Theme::System, Theme::Light, Theme::Dark];

    /// What people read.
    pub fn label(self) -> &'static str {
        match self {
            Theme::System => "Colours as the system",
            Theme::Light => "Light colours",
            Theme::Dark => "Dark colours",
        }
    }

    /// Icon of the sprite.
    pub fn icon(self) -> &'static str {
        match self {
            Theme::System => "auto",
            Theme::Light => "sun",
            Theme::Dark => "moon",
        }
    }

    /// Its name in the cookie and in forms.
    pub fn slug(self) -> &'static str {
        match self {
            Theme::System => "system",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    /// The theme with this name; everything unknown is [`Theme::System`].
    pub fn from_slug(slug: &str) -> Theme {
        match slug {
            "light" => Theme::Light,
            "dark" => Theme::Dark,
            _ => Theme::System,
        }
    }
}

/// Entries of the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nav {
    /// No entry: sign-in and error pages.
    None,
    /// `/`
    Overview,
    /// `/plans`
    Plans,
    /// `/runs`
    Runs,
    /// `/groups`
    Groups,
    /// `/sites`
    Sites,
    /// `/inventory`
    Inventory,
}

impl Nav {
    /// Entries in their order.
    pub const ENTRIES: [Nav; 6] =
        [Nav::Overview, Nav::Plans, Nav::Runs, Nav::Groups, Nav::Sites, Nav::Inventory];

    /// What people read.
    pub fn label(&self) -> &'static str {
        match self {
            Nav::None => "",
            Nav::Overview => "Overview",
            Nav::Plans => "Plans",
            Nav::Runs => "Runs",
            Nav::Groups => "Groups",
            Nav::Sites => "Sites",
            Nav::Inventory => "Inventory",
        }
    }

    /// Where it leads.
    pub fn href(&self) -> &'static str {
        match self {
            Nav::None | Nav::Overview => "/",
            Nav::Plans => "/plans",
            Nav::Runs => "/runs",
            Nav::Groups => "/groups",
            Nav::Sites => "/sites",
            Nav::Inventory => "/inventory",
        }
    }
}

/// How a block of a page keeps itself current.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Live {
    /// Where the block is fetched from, with the page's query; empty: the block does not change.
    pub fragment: String,
    /// Stream of server-sent events that says when to fetch; empty: fetch every few seconds.
    pub events: String,
}
