//! Names of processor architectures in tags.

/// Names of processor architectures and their variants. Their digits are not numbers.
#[rustfmt::skip]
pub(super) const ARCHITECTURES: &[&str] = &[
    "x86-64-v1", "x86-64-v2", "x86-64-v3", "x86-64-v4", "x86_64-v1", "x86_64-v2", "x86_64-v3", "x86_64-v4", "x86_64_v1", "x86_64_v2", "x86_64_v3", "x86_64_v4",
    "amd64v1", "amd64v2", "amd64v3", "amd64v4", "amd64-v1", "amd64-v2", "amd64-v3", "amd64-v4", "amd64_v1", "amd64_v2", "amd64_v3", "amd64_v4",
    "x86_64", "x86-64", "x86_32", "x86-32", "x86", "x64", "amd64", "i386", "i486", "i586", "i686", "386", "32bit", "64bit",
    "linux32", "linux64", "win32", "win64", "linuxamd64", "linuxarm64", "linuxarmv6", "linuxarmv7", "linuxarmv8", "linuxarm",
    "cpuv1", "cpuv2", "cpuv3", "cpuv4",
    "arm64v6", "arm64v7", "arm64v8", "arm64-v8", "arm64_v8", "arm64", "arm32v5", "arm32v6", "arm32v7", "arm32v8", "arm32-v5", "arm32-v6", "arm32-v7", "arm32",
    "aarch64", "aarch32",
    "armv5", "armv5l", "armv6", "armv6l", "armv6hf", "armv7", "armv7l", "armv7hf", "armv7a", "armv8", "armv8l",
    "arm-v5", "arm-v6", "arm-v7", "arm-v8", "arm_v5", "arm_v6", "arm_v7", "arm_v8", "arm.v5", "arm.v6", "arm.v7", "arm.v8",
    "arm5", "arm6", "arm7", "arm8", "arm-5", "arm-6", "arm-7", "arm-8", "arm_5", "arm_6", "arm_7", "arm_8",
    "arm.5", "arm.6", "arm.7", "arm.8",
    "ppc64le", "ppc64", "s390x", "riscv64", "riscv32", "mips64le", "mips64", "mips32", "mips", "loong64",
];

/// Returns the architecture that a text, which is a tag from a word on, begins with, in upper or lower case.
pub(super) fn architecture_at(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let first = bytes.first()?.to_ascii_lowercase();
    let is_name = |name: &&&str| {
        // Most words begin as no name does: a look at one byte decides.
        name.as_bytes()[0] == first
            && bytes.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()))
            && !bytes.get(name.len()).is_some_and(u8::is_ascii_alphanumeric)
    };
    ARCHITECTURES.iter().find(is_name).map(|name| &text[..name.len()])
}

/// Returns the architectures that a tag names, in order.
pub fn architectures(tag: &str) -> Vec<&str> {
    let starts_word = |at: usize| at == 0 || !tag.as_bytes()[at - 1].is_ascii_alphanumeric();
    let (mut found, mut end) = (Vec::new(), 0);
    for at in (0..tag.len()).filter(|at| tag.is_char_boundary(*at) && starts_word(*at)) {
        let name = if at < end { None } else { architecture_at(&tag[at..]) };
        if let Some(name) = name {
            end = at + name.len();
            found.push(name);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_architectures_between_other_words() {
        #[rustfmt::skip]
        let rows: [(&str, &[&str]); 6] = [
            ("main-a1b2c3d-amd64",     &["amd64"]),
            ("1.2.3-linux-arm-v7-x",   &["arm-v7"]),
            ("x86-64-v2-ARM64",        &["x86-64-v2", "ARM64"]),
            ("X86",                    &["X86"]),
            ("1.2.3-amd642",           &[]),
            ("latest",                 &[]),
        ];
        for (tag, names) in rows {
            assert_eq!(architectures(tag), names, "{tag}");
        }
    }
}
