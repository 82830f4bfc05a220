//! Commands of people on a pull request: a label, or a check box in its description. Check boxes also work on forges
//! without labels.

use super::pull_request::PullRequest;
use super::reasons::LeaveReason;

const RECREATE: &str = "<!-- tagboat:recreate -->";
const HOLD: &str = "<!-- tagboat:hold -->";

/// Returns the check boxes, none of them ticked.
pub(super) fn check_boxes() -> String {
    format!(
        "- [ ] {RECREATE} Recreate this branch from the latest base, discarding commits pushed to it\n\
         - [ ] {HOLD} Hold this pull request: do not update or close it"
    )
}

/// Returns whether a person requests to recreate the branch, which discards commits of others.
pub(super) fn is_recreation_requested(existing: &PullRequest) -> bool {
    is_ticked(&existing.body, RECREATE)
}

/// Returns the reason to leave a pull request alone if a person holds it.
pub(super) fn hold(existing: &PullRequest, labels: &[String]) -> Option<LeaveReason> {
    let held = |label: &&String| labels.iter().any(|hold| hold.eq_ignore_ascii_case(label));
    match existing.labels.iter().find(held) {
        Some(label) => Some(LeaveReason::HoldLabel(label.clone())),
        None => is_ticked(&existing.body, HOLD).then_some(LeaveReason::HoldCheckBox),
    }
}

/// Returns whether a check box is ticked, in any notation that forges and people use.
fn is_ticked(body: &str, marker: &str) -> bool {
    body.lines().filter_map(|line| line.split_once(marker)).any(|(before, _)| {
        let tick = before.trim().trim_start_matches(['-', '*', '+']).replace('\\', "");
        tick.trim().eq_ignore_ascii_case("[x]")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_check_boxes_in_every_notation() {
        #[rustfmt::skip]
        let rows = [
            (check_boxes(),                                           false),
            (check_boxes().replacen("[ ]", "[x]", 1),                 true),
            (check_boxes().replacen("[ ]", "[X]", 1),                 true),
            (check_boxes().replacen("- [ ]", "  * \\[x\\]", 1),       true),
            (check_boxes().replace("Hold this", "[x] Hold this"),             false),
            (format!("I did not tick [x] {RECREATE}"),              false),
        ];
        for (body, expected) in rows {
            assert_eq!(is_ticked(&body, RECREATE), expected, "{body}");
            assert!(!is_ticked(&body, HOLD), "{body}");
        }
    }
}
