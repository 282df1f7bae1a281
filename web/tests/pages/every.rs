//! What holds of every page in every state.

use std::collections::BTreeSet;

use muster_web::asset;

use super::{parse, sample, text};

#[test]
fn nothing_is_inline_and_nothing_comes_from_elsewhere() {
    for (name, html) in sample::usual().unwrap() {
        let page = parse(&html);
        assert_eq!(
            page.count("style, [style], script:not([src]), iframe, object, base"),
            0,
            "{name}"
        );
        for element in page.all("*") {
            for (attribute, value) in element.value().attrs() {
                assert!(!attribute.starts_with("on"), "{name}: {attribute}");
                let leads_away = ["href", "src", "action"].contains(&attribute)
                    && !(value.starts_with('#')
                        || value.starts_with('/') && !value.starts_with("//"));
                assert!(!leads_away, "{name}: {attribute}={value}");
            }
        }
    }
}

#[test]
fn static_files_exist_under_the_hash_that_pages_name() {
    for (name, html) in sample::usual().unwrap() {
        for element in parse(&html).all("link[href], script[src]") {
            let url = element.attr("href").or_else(|| element.attr("src")).unwrap();
            let found = asset(url.strip_prefix("/assets/").unwrap());
            assert!(found.is_some_and(|file| file.immutable), "{name}: {url}");
        }
    }
}

#[test]
fn icons_are_in_the_sprite_and_never_stand_alone() {
    for (name, html) in sample::usual().unwrap() {
        let page = parse(&html);
        let drawn: BTreeSet<_> = page.all("symbol").iter().filter_map(|s| s.attr("id")).collect();
        for used in page.all("use") {
            let icon = used.attr("href").unwrap().trim_start_matches('#');
            assert!(drawn.contains(icon), "{name}: {icon}");
        }
        for badge in page.all(".badge") {
            assert!(!text(badge).is_empty(), "{name}: a state without a word");
            assert!(badge.html().contains("<use "), "{name}: a state without an icon");
        }
    }
}

#[test]
fn there_is_one_heading_a_title_and_a_way_past_the_navigation() {
    for (name, html) in sample::usual().unwrap() {
        let page = parse(&html);
        assert!(!page.text("main h1").is_empty(), "{name}");
        assert!(page.text("title").ends_with(" · Muster"), "{name}");
        assert_eq!(page.attr("html", "lang"), "en", "{name}");
        assert_eq!(page.attr("body > a.skip", "href"), "#main", "{name}");
    }
}

#[test]
fn ids_are_unique_and_links_within_the_page_arrive() {
    for (name, html) in sample::usual().unwrap() {
        let page = parse(&html);
        let mut ids = BTreeSet::new();
        for element in page.all("[id]") {
            let id = element.attr("id").unwrap();
            assert!(ids.insert(id), "{name}: two elements have the id {id}");
        }
        for link in page.all("a[href^='#']") {
            let id = link.attr("href").unwrap().trim_start_matches('#');
            assert!(ids.contains(id), "{name}: #{id} leads nowhere");
        }
    }
}

#[test]
fn every_field_has_a_name_for_people() {
    for (name, html) in sample::usual().unwrap() {
        let page = parse(&html);
        let all = page.count("input:not([type=hidden]), select, textarea");
        let labelled = page.count("label input:not([type=hidden]), label select, label textarea");
        assert_eq!(all, labelled, "{name}");
        for button in page.all("button") {
            assert!(!text(button).is_empty() || button.attr("aria-label").is_some(), "{name}");
        }
        for bar in page.all("progress, meter") {
            assert!(bar.attr("aria-label").is_some_and(|label| !label.is_empty()), "{name}");
        }
    }
}

#[test]
fn tables_say_what_their_columns_are() {
    for (name, html) in sample::usual().unwrap() {
        let page = parse(&html);
        assert_eq!(page.count("table"), page.count("table > thead"), "{name}");
        // On a phone the heading is hidden and each cell carries its own.
        for cell in page.all("table.cards tbody td") {
            let said =
                cell.attr("data-label").is_some() || cell.html().contains("class=\"button\"");
            assert!(said, "{name}: {}", cell.html());
        }
    }
}

#[test]
fn pages_of_usual_size_are_light() {
    for (name, html) in sample::usual().unwrap() {
        assert!(html.len() < 100_000, "{name} has {} bytes", html.len());
    }
    for (name, html) in sample::huge().unwrap() {
        assert!(html.len() < 1_200_000, "{name} has {} bytes", html.len());
    }
}
