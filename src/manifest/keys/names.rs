//! Names of keys that are about images.

use super::super::value::{is_full_reference, is_unambiguous_reference};

/// One word at the end of a key, in each notation: `apiImage`, `api_image`, `API_IMAGE`, `api-image`.
pub(super) type Suffixes = [&'static str; 4];

pub(super) const IMAGE: Suffixes = ["Image", "_image", "_IMAGE", "-image"];
pub(super) const TAG: Suffixes = ["Tag", "_tag", "_TAG", "-tag"];
pub(super) const VERSION: Suffixes = ["Version", "_version", "_VERSION", "-version"];
pub(super) const REGISTRY: Suffixes = ["Registry", "_registry", "_REGISTRY", "-registry"];

/// Returns whether a key holds an image: `image`, `sidecarImage`, `init_image`, `*_IMAGE`.
pub(crate) fn is_image_key(key: &str) -> bool {
    matches!(key, "image" | "Image" | "IMAGE") || IMAGE.iter().any(|ending| key.ends_with(ending))
}

/// Returns whether a key of a mapping with a name may hold the version or the reference that the name is for: `value`, `version`,
/// `newTag`, `targetRevision`, `image`.
pub(crate) fn is_version_key(key: &str) -> bool {
    matches!(key, "value" | "default" | "tag" | "version" | "digest" | "revision" | "targetRevision")
        || TAG.iter().chain(&VERSION).any(|ending| key.ends_with(ending))
        || is_image_key(key)
}

/// Returns whether a key holds a list of images: `images`, `sidecarImages`.
pub(super) fn is_image_list_key(key: &str) -> bool {
    key == "images" || key.ends_with("Images")
}

/// The reason to ignore what is in a list of what is allowed.
pub(super) const ALLOWED: &str = "a list of what is allowed matches images and does not run them";

/// Returns whether a key holds a list of what is allowed: `allowedImages`, `runners.docker.allowed_images`.
pub(super) fn is_allow_list(key: &str) -> bool {
    key.rsplit('.').next().is_some_and(|last| last.starts_with("allowed"))
}

/// Returns whether a name contains `image` and is not about pulling it, such as `imagePullPolicy`.
pub(crate) fn contains_image(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.contains("image") && !name.contains("pull")
}

/// Returns whether a flag of a tool that builds images names what it writes: kaniko, BuildKit, docker, jib.
pub(super) fn is_output_flag(flag: &str) -> bool {
    let flags = ["destination", "cache-repo", "cache-to", "export-cache", "tag", "to-image", "output", "push-to"];
    let properties =
        ["jib.to.image", "jib.to.tags", "image", "quarkus.container-image.image", "spring-boot.build-image.imageName"];
    flags.contains(&flag.trim_start_matches('-'))
        || matches!(flag, "-d" | "-t")
        || flag.strip_prefix("-D").is_some_and(|name| properties.contains(&name))
}

/// Returns whether a parameter of a Tekton task names what the task writes. `IMAGE` is the name in the catalog of tasks.
pub(super) fn is_output_parameter(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    matches!(name, "IMAGE" | "APP_IMAGE") || ["output", "destination"].iter().any(|word| lower.contains(word))
}

/// Returns whether an environment variable names what a step writes if the step builds images: `DESTINATION_IMAGE`, `PUSH_IMAGE`.
pub(super) fn may_be_output_variable(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    has(&["output", "destination"]) || (name.contains("image") && has(&["target", "push", "dest"]))
}

/// Returns whether a parameter names what a task writes if the task builds images: `image`, `IMG`, `image-url`, `imageUrl`.
pub(super) fn may_be_output_parameter(name: &str) -> bool {
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let (image, rest) =
        (name.strip_prefix("image"), ["", "url", "name", "ref", "reference", "path", "repo", "repository"]);
    image.is_some_and(|ending| rest.contains(&ending)) || matches!(name.as_str(), "img" | "appimage" | "targetimage")
}

/// Returns whether a name is that of an environment variable: `API_IMAGE`.
pub(super) fn is_variable(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

/// Returns whether `--sidecar-image=quay.io/x/y:1` or `API_IMAGE=x/y:1` sets an image. A name without `image` needs a
/// value that is unambiguous.
pub(crate) fn assigns_image(name: &str, value: &str) -> bool {
    is_unambiguous_reference(value) || (contains_image(name) && is_full_reference(value))
}

/// Returns the byte of the equals sign in a command-line argument that sets an image: `--sidecar-image=quay.io/x/y:1`.
pub(super) fn flag_of_image(text: &str) -> Option<usize> {
    let equals = text.find('=')?;
    let (flag, value) = (&text[..equals], &text[equals + 1..]);
    (flag.starts_with('-') && assigns_image(flag, value) && !is_output_flag(flag)).then_some(equals)
}
