//! One test of a verdict: a program in assembly, with what it needs and what is expected in its head.
//!
//! ```text
//! ; What the test is about.
//! ; type: socket_filter            (also: `license: none`, `sleepable`, `attach: cgroup_inet_egress`)
//! ; struct val 8: lock bpf_spin_lock 0, x int 4
//! ; map m: hash 4 8 16             (key, value, entries; then perhaps flags and a struct, or a frozen text in quotes)
//! ; rejected EINVAL: R0 !read_ok   (or `accepted`)
//! ; insns: 12                      (perhaps)
//! r1 = map[fd:0]
//! kcall bpf_obj_new_impl           (a kfunc by its name; `type:val` is the number of a struct)
//! ```

use std::fs;
use std::path::{Path, PathBuf};

use skep_abi::{AttachType, Errno, MapType, ProgType};
use skep_btf::{Btf, Kind};
use skep_isa::{Insn, assemble, opcode};
use types::Types;

pub(crate) use types::Built;

mod types;

/// A test.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) path: PathBuf,
    pub(crate) prog_type: ProgType,
    pub(crate) attach: Option<AttachType>,
    pub(crate) license: String,
    pub(crate) sleepable: bool,
    pub(crate) maps: Vec<MapSpec>,
    /// The message of the rejection that is expected; none when the program is to be accepted.
    pub(crate) rejected: Option<(String, String)>,
    pub(crate) insn_processed: Option<u32>,
    pub(crate) insns: Vec<Insn>,
    types: Types,
    /// Kfuncs by the number that their calls have.
    kfuncs: Vec<String>,
}

/// A map of a test.
#[derive(Debug)]
pub(crate) struct MapSpec {
    pub(crate) name: String,
    pub(crate) kind: MapType,
    pub(crate) key_size: u32,
    pub(crate) value_size: u32,
    pub(crate) max_entries: u32,
    pub(crate) flags: u32,
    pub(crate) frozen: Option<Vec<u8>>,
    /// The struct of the value.
    pub(crate) value: Option<String>,
}

/// Every test below a folder.
pub(crate) fn all(folder: &Path) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the folder of tests is there") {
            let path = entry.expect("its entries can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ext| ext == "s") {
                cases.push(Case::parse(&path));
            }
        }
    }
    cases.sort_by(|a, b| a.path.cmp(&b.path));
    cases
}

impl Case {
    fn parse(path: &Path) -> Self {
        let text = fs::read_to_string(path).expect("a test can be read");
        let mut case = Self {
            path: path.to_owned(),
            prog_type: ProgType::SocketFilter,
            attach: None,
            license: "GPL".to_owned(),
            sleepable: false,
            maps: Vec::new(),
            rejected: None,
            insn_processed: None,
            insns: Vec::new(),
            types: Types::default(),
            kfuncs: Vec::new(),
        };
        let mut is_judged = false;
        for line in text.lines().filter_map(|line| line.strip_prefix("; ")) {
            is_judged |= case.head(line);
        }
        assert!(is_judged, "{}: expects neither `accepted` nor `rejected`", path.display());
        let text = case.with_numbers(&text);
        case.insns = match assemble(&text) {
            Ok(insns) => insns,
            Err(error) => panic!("{}: {error:?}", path.display()),
        };
        case
    }

    /// Names of kfuncs and structs as the assembler takes them.
    fn with_numbers(&mut self, text: &str) -> String {
        let types = self.types.build(&[]);
        let mut lines = Vec::new();
        for line in text.lines() {
            let code = line.split(';').next().unwrap_or("");
            if let Some(name) = code.trim().strip_prefix("kcall ") {
                self.kfuncs.push(name.trim().to_owned());
                lines.push(format!("call kernel-function#{}", self.kfuncs.len()));
            } else if let Some((before, name)) = code.split_once("type:") {
                lines.push(format!("{before}{}", types.of(name.trim()).0));
            } else {
                lines.push(code.to_owned());
            }
        }
        lines.join("\n")
    }

    /// The insns, with the numbers that a kernel's BTF gives the kfuncs.
    pub(crate) fn insns_for(&self, kernel: &Btf) -> Vec<Insn> {
        let mut insns = self.insns.clone();
        for insn in &mut insns {
            if insn.code != opcode::JMP | opcode::CALL || insn.src.0 != opcode::PSEUDO_KFUNC_CALL {
                continue;
            }
            let at = usize::try_from(insn.imm - 1).expect("the number of a kfunc");
            let Some(name) = self.kfuncs.get(at) else { continue };
            let Some(id) = kernel.find(name, Kind::Func) else {
                panic!("{}: no kfunc is called `{name}`", self.path.display())
            };
            insn.imm = id.0.cast_signed();
        }
        insns
    }

    /// Reads a line of the head; tells whether it is the verdict.
    fn head(&mut self, line: &str) -> bool {
        let (key, value) = line.split_once(": ").unwrap_or((line, ""));
        match key {
            "type" => self.prog_type = named(ProgType::ALL, |kind| kind.name(), value),
            "attach" => self.attach = Some(named(AttachType::ALL, |kind| kind.name(), value)),
            "license" => value.clone_into(&mut self.license),
            "sleepable" => self.sleepable = true,
            "insns" => self.insn_processed = value.parse().ok(),
            "accepted" => return true,
            _ if key.starts_with("rejected ") => {
                let errno = key.trim_start_matches("rejected ").to_owned();
                self.rejected = Some((errno, value.to_owned()));
                return true;
            }
            _ if key.starts_with("struct ") => {
                self.types.declare(key.trim_start_matches("struct "), value);
            }
            _ if key.starts_with("map ") => {
                self.maps.push(MapSpec::parse(key.trim_start_matches("map "), value));
            }
            _ => {}
        }
        false
    }

    /// First insns of its functions.
    pub(crate) fn functions(&self) -> Vec<u32> {
        let mut starts = vec![0];
        for (at, insn) in (0..).zip(&self.insns) {
            let calls =
                insn.code == opcode::JMP | opcode::CALL && insn.src.0 == opcode::PSEUDO_CALL;
            let takes = insn.code == opcode::LD_IMM64 && insn.src.0 == opcode::PSEUDO_FUNC;
            if calls || takes {
                starts.push(u32::try_from(at + i64::from(insn.imm) + 1).expect("a function"));
            }
        }
        starts.sort_unstable();
        starts.dedup();
        starts
    }

    /// Its types.
    pub(crate) fn types(&self) -> Built {
        self.types.build(&self.functions())
    }
}

impl MapSpec {
    fn parse(name: &str, value: &str) -> Self {
        let (value, text) = match value.split_once('"') {
            Some((value, text)) => (value, Some(text.trim_end_matches('"'))),
            None => (value, None),
        };
        let mut words = value.split_whitespace();
        let kind = named(MapType::ALL, |kind| kind.name(), words.next().unwrap_or(""));
        let mut number = || words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
        let (key_size, value_size, max_entries) = (number(), number(), number());
        let flags = number();
        let value_struct = words.next().map(str::to_owned);
        let frozen = text.map(|text| {
            let mut bytes = text.replace("\\0", "\0").into_bytes();
            bytes.resize(value_size as usize, 0);
            bytes
        });
        let name = name.to_owned();
        Self { name, kind, key_size, value_size, max_entries, flags, frozen, value: value_struct }
    }
}

fn named<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str, wanted: &str) -> T {
    match all.iter().find(|&&one| name(one) == wanted) {
        Some(&one) => one,
        None => panic!("no {} is called `{wanted}`", std::any::type_name::<T>()),
    }
}

/// How an outcome reads: `accepted`, or the error and the last line.
pub(crate) fn outcome(errno: Option<Errno>, message: &str) -> String {
    match errno {
        None => "accepted".to_owned(),
        Some(errno) => format!("rejected {}: {message}", errno.name().unwrap_or("?")),
    }
}
