//! `tagboat init --from argocd`: Argo CD Image Updater's settings as a `tagboat.yaml`.

use super::watches::Applications;
use crate::interop::draft::{Translation, TranslationDraft};
use crate::interop::policy_rules::{FoundReference, Groups, add, finish, group};
use crate::policy::Pinning;

/// Translates the settings of the applications.
pub fn translate(applications: &Applications, references: &[FoundReference<'_>]) -> Translation {
    let mut draft = TranslationDraft::default();
    let mut groups = Groups::new();
    for watch in applications.watches() {
        let settings = match &watch.policy {
            Ok((_, settings)) => settings,
            Err(cause) => {
                draft.leave(watch.source.clone(), cause.clone());
                continue;
            }
        };
        let selected =
            references.iter().filter(|place| *place.name == watch.name && watch.scope.holds(place.path, place.line));
        for place in selected {
            let group = group(&mut groups, &watch.label, settings, &watch.source);
            group.platforms.clone_from(&watch.platforms);
            add(group, &mut draft, place, Pinning::Keep);
        }
    }
    for notice in &applications.notices {
        let at = format!("{}:{}: {}", notice.place.path, notice.place.position.line, notice.place.field);
        draft.leave(at, notice.reason.clone());
    }
    finish(draft, groups, "the settings of Argo CD Image Updater")
}
