//! The schedule: pull requests are opened and updated inside it only. A command by a person and a superseded pull request are
//! handled at any time.

use jiff::{Timestamp, ToSpan, tz::TimeZone};
use tagboat::config;

use crate::support::github::GITHUB;
use crate::support::world::{World, lines};

const IMAGES: &str = "api:1.0 api:1.1 web:2.0 web:2.1";
const FILES: &[(&str, &str)] = &[("api/app.yaml", "api:1.0"), ("web/app.yaml", "web:2.0")];

/// Returns a schedule that opens in three days, and the text for that time.
fn in_three_days() -> (String, String) {
    let day = Timestamp::now().to_zoned(TimeZone::UTC).checked_add(3.days()).unwrap();
    let config = format!(
        "pull-requests:\n  schedule: [{{ days: [{}], hours: '09:00-10:00', time-zone: UTC }}]",
        day.strftime("%a").to_string().to_lowercase()
    );
    (config, format!("opens {} 09:00 UTC", day.strftime("%a %Y-%m-%d")))
}

#[tokio::test]
async fn opens_and_updates_nothing_outside_the_schedule() {
    let (closed, opens) = in_three_days();
    let mut world = World::new(Some(&GITHUB), &closed, IMAGES, FILES).await;
    let always = config::parse("", "tagboat.yaml").unwrap();
    let closed = std::mem::replace(&mut world.config, always);
    assert_eq!(lines(&world.run("").await).len(), 2);
    // A newer tag, a third folder, a superseded pull request, and a request by a person to recreate one.
    world.build("api:1.2");
    world.commit("main", "other/app.yaml", "api:1.0");
    world.config = closed;
    let results = lines(&world.run("").await);
    assert_eq!(results.len(), 3, "{results:?}");
    assert!(results[0].starts_with("leave tagboat/api: outside `pull-requests.schedule`"), "{results:?}");
    assert!(results[0].ends_with(&opens), "{results:?} and not {opens}");
    assert!(results[1].starts_with("leave tagboat/other: outside"), "{results:?}");
    assert!(results[2].starts_with("unchanged tagboat/web"), "{results:?}");
    assert_eq!(world.forge.pulls().len(), 2);

    world.forge.edit(1, |_, body, _| *body = body.replacen("- [ ]", "- [x]", 1));
    world.commit("main", "web/app.yaml", "web:2.1");
    let results = lines(&world.run("").await);
    assert!(results[0].starts_with("update tagboat/api: Update ghcr.io/acme/api from 1.0 to 1.2"), "{results:?}");
    assert!(results[2].starts_with("close tagboat/web: superseded"), "{results:?}");
}
