//! Facts about images for descriptions and reports. They decide nothing, so that a lookup that fails is left out.

use std::collections::BTreeMap;

use futures_util::StreamExt as _;
use futures_util::stream;

use crate::image::ImageReference;
use crate::plan::FactsByReference;
use crate::registry::Registry;
use crate::run::lookup::{Decisions, newest};

/// The number of concurrent lookups. The client of a registry bounds its requests further.
const AT_ONCE: usize = 64;

/// Returns facts about the newest image of every decision, for a report that shows ages. Omits images whose lookup
/// fails.
pub(in crate::run) async fn build_facts(registry: &dyn Registry, decisions: &Decisions) -> FactsByReference {
    let newest = decisions.answers.iter().filter_map(newest).map(|newest| (newest.to_string(), newest));
    image_facts(registry, newest.collect::<BTreeMap<_, _>>().values()).await
}

/// Returns facts about images for descriptions. Omits images whose lookup fails.
pub(super) async fn image_facts<'a>(
    registry: &dyn Registry,
    references: impl Iterator<Item = &'a ImageReference>,
) -> FactsByReference {
    let lookups =
        references.filter_map(|reference| Some((reference, reference.tag()?))).map(async |(reference, tag)| {
            match registry.facts(reference.name(), tag).await {
                Ok(facts) => Some((reference.to_string(), facts)),
                Err(error) => {
                    tracing::debug!("could not look up facts about {reference}: {error}");
                    None
                }
            }
        });
    stream::iter(lookups).buffered(AT_ONCE).filter_map(async |found| found).collect().await
}
