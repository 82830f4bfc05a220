//! Commands that people give on a pull request: a label, or a check box in its description. Check boxes work on every
//! forge, also on those without labels.

use super::pull_request::PullRequest;
use super::reasons::LeaveReason;

const RECREATE: &str = "<!-- tagboat:recreate -->";
const HOLD: &str = "<!-- tagboat:hold -->";

/// Returns the check boxes, none of them ticked.
pub(super) fn boxes() -> String {
    format!(
        "- [ ] {RECREATE} Recreate this branch from the latest base, discarding commits pushed to it\n\
         - [ ] {HOLD} Hold this pull request: do not update or close it"
    )
}

/// Returns whether a person requests to recreate the branch, over commits of others.
pub(super) fn wants_recreation(existing: &PullRequest) -> bool {
    ticked(&existing.body, RECREATE)
}

/// Returns how a person holds a pull request, if one does.
pub(super) fn hold(existing: &PullRequest, labels: &[String]) -> Option<LeaveReason> {
    let held = |label: &&String| labels.iter().any(|hold| hold.eq_ignore_ascii_case(label));
    match existing.labels.iter().find(held) {
        Some(label) => Some(LeaveReason::HoldLabel(label.clone())),
        None => ticked(&existing.body, HOLD).then_some(LeaveReason::HoldCheckBox),
    }
}

/// Returns whether a check box is ticked, in any notation that forges and people use.
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
    fn reads_ticks_in_every_notation() {
        #[rustfmt::skip]
        let rows = [
            (boxes(),                                           false),
            (boxes().replacen("[ ]", "[x]", 1),                 true),
            (boxes().replacen("[ ]", "[X]", 1),                 true),
            (boxes().replacen("- [ ]", "  * \\[x\\]", 1),       true),
            (boxes().replace("Hold this", "[x] Hold this"),             false),
            (format!("I did not tick [x] {RECREATE}"),              false),
        ];
        for (body, expected) in rows {
            assert_eq!(ticked(&body, RECREATE), expected, "{body}");
            assert!(!ticked(&body, HOLD), "{body}");
        }
    }
}
