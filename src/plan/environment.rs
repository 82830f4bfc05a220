//! The environment of a file, from conventional names of folders and files.

/// Folders whose entries are environments.
const PARENTS: [&str; 6] = ["env", "envs", "environment", "environments", "overlays", "clusters"];

/// Conventional names of environments.
const NAMES: [&str; 20] = [
    "dev",
    "develop",
    "development",
    "test",
    "testing",
    "qa",
    "uat",
    "int",
    "integration",
    "preview",
    "sandbox",
    "demo",
    "stage",
    "staging",
    "preprod",
    "pre-prod",
    "preproduction",
    "prod",
    "production",
    "live",
];

/// Returns the environment of a path: the entry below `envs`, `environments`, `overlays` or `clusters`, or the first folder
/// with a conventional name, or a part of the file name as in `values-prod.yaml`. Empty if there is none.
pub(super) fn environment(path: &str) -> &str {
    let parts = path.split('/').collect::<Vec<_>>();
    let below = parts.windows(2).find(|pair| PARENTS.contains(&&*pair[0].to_ascii_lowercase()));
    if let Some([_, entry]) = below {
        return entry.split('.').next().unwrap_or(entry);
    }
    let (file, folders) = parts.split_last().map_or(("", &[][..]), |(file, folders)| (*file, folders));
    let named = folders.iter().copied().find(|folder| is_name(folder));
    named.or_else(|| file.split(['.', '-', '_']).find(|part| is_name(part))).unwrap_or_default()
}

fn is_name(text: &str) -> bool {
    NAMES.iter().any(|name| name.eq_ignore_ascii_case(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_environment_in_folder_or_file_name() {
        #[rustfmt::skip]
        let rows = [
            ("envs/prod/api/values.yaml",                "prod"),
            ("apps/api/overlays/eu-west/patch.yaml",     "eu-west"),
            ("clusters/production/apps.yaml",            "production"),
            ("environments/staging.yaml",                "staging"),
            ("envs/prod.eu.yaml",                        "prod"),
            ("apps/Production/api.yaml",                 "Production"),
            ("prod/dev/api.yaml",                        "prod"),
            ("apps/api/values-uat.yaml",                 "uat"),
            ("apps/api/values.prod.yaml",                "prod"),
            ("apps/api/product.yaml",                    ""),
            ("deployment.yaml",                          ""),
        ];
        for (path, expected) in rows {
            assert_eq!(environment(path), expected, "{path}");
        }
    }
}
