//! Makes the table of compiled-in providers: one row per file of `catalogue/`. A new provider is a new file, no Rust.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

fn main() {
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let folder =
        Path::new(&root).join("../../catalogue").canonicalize().expect("the catalogue's data is there");
    let mut files: Vec<_> = fs::read_dir(&folder)
        .expect("the catalogue's folder can be listed")
        .map(|file| file.expect("a listed file has a name").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .collect();
    // By name, not by path: "azure" comes before "azure-eu", but "azure-eu.toml" before "azure.toml".
    files.sort_by(|one, other| one.file_stem().cmp(&other.file_stem()));

    let mut table = format!("static COMPILED: [Compiled; {}] = [\n", files.len());
    let mut digest = Digest::new();
    for path in &files {
        let name = path.file_stem().and_then(|stem| stem.to_str()).expect("names are plain words");
        let path = path.to_str().expect("the checkout lies at a path of UTF-8");
        digest.add(name.as_bytes());
        digest.add(&fs::read(path).expect("a listed file can be read"));
        let row =
            format!("Compiled {{ name: {name:?}, text: include_str!({path:?}), entry: OnceLock::new() }},");
        writeln!(table, "    {row}").expect("a string takes all");
    }
    writeln!(table, "];\nconst VERSION: &str = \"{:016x}\";", digest.0).expect("a string takes all");

    let out = env::var("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&out).join("compiled.rs"), table).expect("the build folder can be written");
    println!("cargo::rerun-if-changed={}", folder.display());
    println!("cargo::rerun-if-changed=build.rs");
}

/// FNV-1a, 64 bits: names a version of the data, guards nothing.
struct Digest(u64);

impl Digest {
    const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn add(&mut self, bytes: &[u8]) {
        // A length before each piece, so that no two splits of the same bytes agree.
        let length = u64::try_from(bytes.len()).expect("64 bits hold any length").to_le_bytes();
        for byte in length.iter().chain(bytes) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
