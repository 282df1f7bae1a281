//! Pages, read by CSS selectors: what they mean, and not how they are written.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

mod account;
mod every;
mod form;
mod fragment;
mod hostile;
mod look;
mod meaning;
mod run;
#[path = "../../examples/gallery/sample/mod.rs"]
mod sample;
mod start;

use std::collections::BTreeSet;

use muster_web::Template;
use scraper::{ElementRef, Html, Selector};

/// A rendered page.
pub(crate) struct Page {
    pub(crate) html: Html,
}

pub(crate) fn read(page: &impl Template) -> Page {
    parse(&page.render().unwrap())
}

pub(crate) fn parse(html: &str) -> Page {
    Page { html: Html::parse_document(html) }
}

impl Page {
    pub(crate) fn all(&self, css: &str) -> Vec<ElementRef<'_>> {
        self.html.select(&Selector::parse(css).unwrap()).collect()
    }

    pub(crate) fn count(&self, css: &str) -> usize {
        self.all(css).len()
    }

    /// The one element; fails when there are none or more.
    pub(crate) fn one(&self, css: &str) -> ElementRef<'_> {
        let found = self.all(css);
        assert_eq!(found.len(), 1, "elements that match {css}");
        found[0]
    }

    pub(crate) fn text(&self, css: &str) -> String {
        text(self.one(css))
    }

    pub(crate) fn texts(&self, css: &str) -> Vec<String> {
        self.all(css).into_iter().map(text).collect()
    }

    pub(crate) fn attr(&self, css: &str, name: &str) -> String {
        self.one(css).attr(name).unwrap_or_default().to_owned()
    }
}

/// What a person reads: elements are set apart, white space counts once.
pub(crate) fn text(element: ElementRef<'_>) -> String {
    let words: Vec<&str> = element.text().flat_map(str::split_whitespace).collect();
    words.join(" ").replace(" ,", ",").replace(" .", ".").replace(" …", "…")
}

/// Names of the fields of a form.
pub(crate) fn fields(form: ElementRef<'_>) -> BTreeSet<String> {
    let named = Selector::parse("[name]").unwrap();
    form.select(&named).filter_map(|field| field.attr("name")).map(str::to_owned).collect()
}
