//! Small programs in text with all that they need, and the verdict that is expected: what tests of the verifier and
//! the examples of its rejections are written in.
//!
//! ```text
//! ; What it is about, in as many lines as it takes.
//! ; type: socket_filter
//! ; struct val 8: lock bpf_spin_lock 0, x int 4
//! ; map m: hash 4 8 16 0 val
//! ; rejected EINVAL: R0 !read_ok
//! ; insns: 12
//!     r1 = map[fd:0]
//!     kcall bpf_obj_new_impl
//!     exit
//! ```
//!
//! The head ends with the first line that is no comment. Its keys:
//!
//! - `type: NAME`, `attach: NAME` (of an attach type), `license: none`, `sleepable`, `xdp_frags`, `strict_alignment`,
//!   `no btf`.
//! - `target: NAME`: `attach_btf_id`, a function of the kernel's; `typedef:NAME`, `struct:NAME`, `#12` are others.
//! - `struct_ops: NAME.MEMBER`; `NAME#12` is a member's number.
//! - `struct NAME SIZE: MEMBER TYPE OFFSET, …`; for types see `types`.
//! - `func NAME: [global] RESULT (PARAM TYPE [@TAG…], …) [@TAG…]`: the first is the program's, the others those of
//!   its functions, in their order. Without, each is static, takes nothing and returns `int`.
//! - `func_info: INSN NAME, …` instead of what the insns say, where a name may be any type's or `#12`.
//! - `line_info: INSN LINE, …`: lines of one file; `INSN bad` is one whose text is nowhere.
//! - `map NAME: KIND KEY VALUE ENTRIES [FLAGS [STRUCT]] ["frozen text"] [inner=MAP] [extra=N] [kernel=TYPE]`; bytes of
//!   the text may be written `\0` and `\x1f`.
//! - `accepted`, or `rejected ERRNO: SENTENCE`; `insns: N`.
//! - `map NAME[N]: …`: N of them.
//! - `config: NAME=n`: an option of that kernel's configuration.
//! - `kernel: 6.1`: the release whose rule it shows; 6.18 without.
//! - `not asked: REASON`: why a running kernel of that release cannot tell.
//! - `own types: REASON`: why a shipped profile cannot tell, only the running kernel's own types.
//! - `no example: REASON`: there are no insns.
//!
//! In insns, `kcall NAME` calls a kfunc; `type:NAME` is the number of a type of the program (` ll` after
//! it makes the load wide), `ktype:NAME` of a struct
//! of the kernel's; `ksym:NAME` is the address of a kernel variable; `koff:STRUCT.MEMBER` is a place
//! in a struct of the kernel's; `repeat N: INSN` stands for N of
//! them, in which `$` is its number from 0; `kcalls N PREFIX` calls N different functions of
//! the kernel's whose names begin so; and
//! `.insn code=0x07 dst=1 src=0 off=0 imm=5` is an insn that the assembler would not write.

mod error;
mod func;
mod head;
mod judge;
#[cfg(feature = "kernel")]
mod kernel;
mod map;
mod text;
mod types;

use std::path::{Path, PathBuf};

use skep_abi::{AttachType, Errno, KernelVersion, ProgType};

pub use error::CaseError;
pub use func::Func;
pub use head::{LineAt, StructOps, Target};
pub use judge::{Judged, Loaded};
pub use map::MapSpec;
pub use text::functions;
pub use types::Types;

/// A program with what it needs and what is expected of it.
#[derive(Clone, Debug)]
pub struct Case {
    /// The file's name, for messages.
    pub name: String,
    /// What it is about: the lines of the head before its first key.
    pub about: Vec<String>,
    /// Program type.
    pub prog_type: ProgType,
    /// `expected_attach_type`.
    pub attach: Option<AttachType>,
    /// What it attaches to.
    pub target: Option<Target>,
    /// The operation that it implements.
    pub struct_ops: Option<StructOps>,
    /// Licence.
    pub license: String,
    /// `BPF_F_SLEEPABLE`.
    pub sleepable: bool,
    /// `BPF_F_XDP_HAS_FRAGS`.
    pub xdp_frags: bool,
    /// `BPF_F_STRICT_ALIGNMENT`.
    pub strict_alignment: bool,
    /// Whether it is loaded without types.
    pub no_btf: bool,
    /// Its maps, by the number that insns have.
    pub maps: Vec<MapSpec>,
    /// Types of its functions.
    pub funcs: Vec<Func>,
    /// `func_info`, where it is not what the insns say.
    pub func_info: Option<Vec<(u32, String)>>,
    /// `line_info`.
    pub lines: Vec<LineAt>,
    /// Error and sentence of the rejection that is expected; none when the program is to be accepted.
    pub rejected: Option<(String, String)>,
    /// How many insns are looked at.
    pub insn_processed: Option<u32>,
    /// The release whose rule it shows.
    pub kernel: Option<KernelVersion>,
    /// Options of that kernel's configuration.
    pub config: Vec<(String, bool)>,
    /// Why a running kernel cannot tell.
    pub not_asked: Option<String>,
    /// Why a shipped profile cannot tell.
    pub own_types: Option<String>,
    /// Why there are no insns.
    pub no_example: Option<String>,
    /// Its structs.
    pub types: Types,
    /// The lines of insns: number in the file, from 1, and text.
    pub code: Vec<(u32, String)>,
    /// The lines of the head.
    pub head: Vec<String>,
}

impl Case {
    /// Reads one.
    ///
    /// # Errors
    /// When the head says something that nothing understands.
    pub fn parse(name: &str, text: &str) -> Result<Self, CaseError> {
        head::parse(name, text)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, or as [`Self::parse`].
    pub fn read(path: &Path) -> Result<Self, CaseError> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|error| CaseError::new(&name, format!("cannot be read: {error}")))?;
        Self::parse(&name, &text)
    }

    /// The release whose rules judge it.
    #[must_use]
    pub fn version(&self) -> KernelVersion {
        self.kernel.unwrap_or(KernelVersion::new(6, 18))
    }

    /// How the expected verdict reads.
    #[must_use]
    pub fn expected(&self) -> String {
        match &self.rejected {
            None => "accepted".to_owned(),
            Some((errno, message)) => format!("rejected {errno}: {message}"),
        }
    }

    /// What it needs besides its insns: the lines of its head that say so, as comments.
    #[must_use]
    pub fn needs(&self) -> Vec<String> {
        let tells = |line: &&String| {
            let key = line.split_once(": ").map_or(&***line, |(key, _)| key);
            let is_expected = matches!(key, "accepted" | "insns" | "kernel" | "not asked");
            !is_expected && !key.starts_with("rejected ")
        };
        let head = self.head.iter().skip(self.about.len());
        head.filter(tells).map(|line| format!("; {line}")).collect()
    }

    pub(crate) fn error(&self, what: impl Into<String>) -> CaseError {
        CaseError::new(&self.name, what)
    }
}

/// The files of cases below a folder, in order.
///
/// # Errors
/// When a folder cannot be read.
pub fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ext| ext == "s") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// How an outcome reads: `accepted`, or the error and the last line.
#[must_use]
pub fn outcome(errno: Option<Errno>, message: &str) -> String {
    match errno {
        None => "accepted".to_owned(),
        Some(errno) => {
            format!("rejected {}: {}", errno.name().unwrap_or("?"), message.trim_end())
        }
    }
}
