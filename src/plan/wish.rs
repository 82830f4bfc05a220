//! What people ask of Tagboat on a pull request: by a label, or by ticking a box in its description. Boxes work on
//! every forge, also where there are no labels.

use super::pull_request::PullRequest;

const ANEW: &str = "<!-- tagboat:recreate -->";
const HOLD: &str = "<!-- tagboat:hold -->";

/// The boxes, as they are offered: none is ticked.
pub(super) fn boxes() -> String {
    format!(
        "- [ ] {ANEW} Make this branch anew on the newest base, over whatever was committed to it\n\
         - [ ] {HOLD} Leave this pull request as it is: neither update nor close it"
    )
}

/// Whether a person wants the branch made anew, other people's commits or not.
pub fn wants_anew(existing: &PullRequest) -> bool {
    ticked(&existing.body, ANEW)
}

/// How a person has said that a pull request is to be left as it is, if one has.
pub(super) fn hold(existing: &PullRequest, labels: &[String]) -> Option<String> {
    let held = |label: &&String| labels.iter().any(|hold| hold.eq_ignore_ascii_case(label));
    match existing.labels.iter().find(held) {
        Some(label) => Some(format!("it has the label {label}")),
        None => ticked(&existing.body, HOLD).then(|| "its description says to leave it as it is".to_owned()),
    }
}

/// Forges and people write a list and a tick in their own way.
fn ticked(body: &str, marker: &str) -> bool {
    body.lines().filter_map(|line| line.split_once(marker)).any(|(before, _)| {
        let tick = before.trim().trim_start_matches(['-', '*', '+']).replace('\\', "");
        tick.trim().eq_ignore_ascii_case("[x]")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks() {
        #[rustfmt::skip]
        let rows = [
            (boxes(),                                           false),
            (boxes().replacen("[ ]", "[x]", 1),                 true),
            (boxes().replacen("[ ]", "[X]", 1),                 true),
            (boxes().replacen("- [ ]", "  * \\[x\\]", 1),       true),
            (boxes().replace("Leave", "[x] Leave"),             false),
            (format!("I did not tick [x] {ANEW}"),              false),
        ];
        for (body, expected) in rows {
            assert_eq!(ticked(&body, ANEW), expected, "{body}");
            assert!(!ticked(&body, HOLD), "{body}");
        }
    }
}
