//! Kubernetes objects of any kind, custom resources included.

use super::super::document::Document;
use super::super::format::Format;
use super::super::found::DocumentFindings;
use super::super::keys::walk;
use super::super::screen::{BUILT, Ignored, IgnoredScope};

/// The format of Kubernetes objects that no format of a tool reads.
pub(crate) struct Kubernetes;

const NAME: &str = "kubernetes";

const MATCHES: &str = "a policy matches images and does not run them";
const MIRRORS: &str = "maps registries to mirrors";

/// Kinds that name images without running them.
const IGNORED: &[Ignored] = &[
    kind("kyverno.io", "*", MATCHES),
    kind("policies.kyverno.io", "*", MATCHES),
    kind("cli.kyverno.io", "*", "a test of policies"),
    kind("admissionregistration.k8s.io", "*", MATCHES),
    kind("constraints.gatekeeper.sh", "*", MATCHES),
    kind("templates.gatekeeper.sh", "*", MATCHES),
    kind("policy.sigstore.dev", "*", MATCHES),
    kind("config.openshift.io", "ImageContentPolicy", MIRRORS),
    kind("operator.openshift.io", "ImageContentSourcePolicy", MIRRORS),
    kind("config.openshift.io", "ImageDigestMirrorSet", MIRRORS),
    kind("config.openshift.io", "ImageTagMirrorSet", MIRRORS),
    built("build.openshift.io", "BuildConfig", "spec.output"),
    built("build.openshift.io", "Build", "spec.output"),
    built("shipwright.io", "Build", "spec.output"),
    built("shipwright.io", "BuildRun", "spec.output"),
    built("shipwright.io", "BuildRun", "spec.build.spec.output"),
    built("tekton.dev", "PipelineResource", "spec.params"),
    built("tekton.dev", "*", "spec.resources.resourceSpec.params"),
    built("kpack.io", "Image", "spec.tag"),
    built("kpack.io", "Image", "spec.additionalTags"),
    built("kpack.io", "Builder", "spec.tag"),
    built("kpack.io", "ClusterBuilder", "spec.tag"),
    built("skaffold", "Config", "build.artifacts.image"),
    Ignored {
        scope: IgnoredScope::Schema("apiextensions.k8s.io", "CustomResourceDefinition"),
        reason: "a schema describes images and does not run them",
    },
];

const fn kind(group: &'static str, kind: &'static str, reason: &'static str) -> Ignored {
    Ignored { scope: IgnoredScope::Kind(group, kind), reason }
}

const fn built(group: &'static str, kind: &'static str, field: &'static str) -> Ignored {
    Ignored { scope: IgnoredScope::Field(group, kind, field), reason: BUILT }
}

impl Format for Kubernetes {
    fn name(&self) -> &'static str {
        NAME
    }

    fn about(&self) -> &'static str {
        "Kubernetes objects of any kind: images of containers and custom resources, in arguments and in environment variables"
    }

    fn needles(&self) -> &'static [&'static str] {
        walk::NEEDLES
    }

    fn ignored(&self) -> &'static [Ignored] {
        IGNORED
    }

    fn matches(&self, document: &Document<'_>) -> bool {
        document.is_object()
    }

    fn find(&self, document: &Document<'_>, found: &mut DocumentFindings<'_>) {
        walk::walk(document, found, NAME);
    }
}
