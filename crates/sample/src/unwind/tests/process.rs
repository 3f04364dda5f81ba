//! A process that stands still in a system call, so that its stack can be looked at from outside.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use object::{Object as _, ObjectSymbol as _};
use skep_abi::{Mapping, Pid, X86Regs};

use super::AddressSpace;

/// Builds `stacks.c` beside this test's executable; `None`, with the reason printed, where there is no C compiler.
pub(super) fn build(flags: &[&str]) -> Option<PathBuf> {
    static BUILT: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    let mut built = BUILT.lock().unwrap();
    let name = format!("stacks{}", flags.concat().replace(['/', ','], "_"));
    let program = std::env::current_exe().unwrap().with_file_name(name);
    if built.contains(&program) {
        return Some(program);
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/unwind/tests/stacks.c");
    let compiled = Command::new("cc").args(flags).arg("-o").arg(&program).arg(source).status();
    match compiled {
        Ok(status) => assert!(status.success(), "cc failed"),
        Err(e) => {
            skep_skip::skipped!("no C compiler: {e}");
            return None;
        }
    }
    built.insert(program.clone());
    Some(program)
}

/// See the module.
pub(super) struct Stopped {
    child: Child,
    program: PathBuf,
    pub(super) pid: Pid,
    /// `ip` and `sp`; the rest is not told, and zero.
    pub(super) regs: X86Regs,
}

impl Stopped {
    /// Starts the program and waits until it reads its standard input.
    pub(super) fn start(program: &Path, kind: &str) -> Option<Self> {
        let child = Command::new(program).arg(kind).stdin(Stdio::piped()).spawn().unwrap();
        let pid = Pid(child.id());
        let mut stopped =
            Self { child, program: program.to_owned(), pid, regs: X86Regs::default() };
        for _ in 0..5_000 {
            let text = match fs::read_to_string(format!("/proc/{pid}/syscall")) {
                Err(e) if e.kind() == io::ErrorKind::PermissionDenied => {
                    skep_skip::skipped!("/proc/PID/syscall: {e}");
                    return None;
                }
                other => other.unwrap(),
            };
            let words: Vec<&str> = text.split_whitespace().collect();
            let hex = |word: &str| u64::from_str_radix(word.trim_start_matches("0x"), 16).unwrap();
            // read(0, …): number, six arguments, stack pointer, instruction pointer.
            if let ["0", "0x0", .., sp, ip] = words[..] {
                stopped.regs = X86Regs { sp: hex(sp), ip: hex(ip), cs: 0x33, ..X86Regs::default() };
                return Some(stopped);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        panic!("the program did not come to read its standard input");
    }

    /// Its executable mappings.
    pub(super) fn space(&self) -> AddressSpace {
        let mut space = AddressSpace::new(self.pid);
        for mapping in self.mappings() {
            space.map(mapping);
        }
        space
    }

    fn mappings(&self) -> Vec<Mapping> {
        let maps = fs::read_to_string(format!("/proc/{}/maps", self.pid)).unwrap();
        let hex = |text: &str| u64::from_str_radix(text, 16).unwrap();
        let executable = |line: &&str| line.split(' ').nth(1).unwrap().contains('x');
        let parse = |line: &str| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let (start, end) = fields[0].split_once('-').unwrap();
            Mapping {
                start: hex(start),
                end: hex(end),
                file_offset: hex(fields[2]),
                path: fields.get(5).copied().unwrap_or("//anon").into(),
                build_id: Vec::new(),
            }
        };
        maps.lines().filter(executable).map(parse).collect()
    }

    /// Bytes from the stack pointer upwards, at most to the end of the stack.
    pub(super) fn stack(&self, size: usize) -> Vec<u8> {
        let mem = File::open(format!("/proc/{}/mem", self.pid)).unwrap();
        let mut bytes = vec![0; size];
        let got = mem.read_at(&mut bytes, self.regs.sp).unwrap();
        bytes.truncate(got);
        bytes
    }

    /// Names of the frames that lie in the program's own file, by its symbol table.
    pub(super) fn names(&self, frames: &[u64]) -> Vec<String> {
        let bytes = fs::read(&self.program).unwrap();
        let file = object::File::parse(&*bytes).unwrap();
        let mappings = self.mappings();
        let own = mappings.iter().find(|m| m.path == self.program).unwrap();
        let offset = |address: u64| own.file_offset_of(address);
        // Code of small programs lies at the same address as file offset, or at a constant distance.
        let name = |offset: u64| {
            let holds = |s: &object::Symbol<'_, '_>| {
                let base = file.relative_address_base();
                (s.address() - base..s.address() - base + s.size().max(1)).contains(&offset)
            };
            file.symbols().find(holds).map(|s| s.name().unwrap().to_owned())
        };
        frames
            .iter()
            .enumerate()
            .filter_map(|(depth, frame)| offset(frame - u64::from(depth > 0)))
            .map(|offset| name(offset).unwrap_or_else(|| format!("{offset:#x}")))
            .collect()
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
