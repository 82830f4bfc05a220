//! Kubernetes objects of any kind, custom resources included.

use super::super::document::Document;
use super::super::format::Format;
use super::super::found::Found;
use super::super::keys::walk;

/// See the head of this file.
pub(crate) struct Kubernetes;

const NAME: &str = "kubernetes";

impl Format for Kubernetes {
    fn name(&self) -> &'static str {
        NAME
    }

    fn about(&self) -> &'static str {
        "Kubernetes objects of any kind: images of containers, of custom resources, in arguments and in the environment"
    }

    fn reads(&self, document: &Document<'_>) -> bool {
        document.is_object()
    }

    fn find(&self, document: &Document<'_>, found: &mut Found<'_>) {
        walk::walk(document, found, NAME);
    }
}
