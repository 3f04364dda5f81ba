//! Names of real code: a program built for it, ourselves, the vDSO, the kernel.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use object::{Object as _, ObjectSymbol as _};
use skep_abi::{Mapping, Pid};

use crate::stack::{Process, StackSet};
use crate::symbol::{Function, Location, Query, Space, Symbolizer};

/// Where the test programs are pretended to be mapped.
const BASE: u64 = 0x5555_0000_0000;

fn build(name: &str, flags: &[&str]) -> Option<PathBuf> {
    let program = std::env::current_exe().unwrap().with_file_name(format!("inlined-{name}"));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests");
    let mut cc = Command::new("cc");
    match cc.current_dir(folder).args(flags).arg("-o").arg(&program).arg("inlined.c").status() {
        Ok(status) => {
            assert!(status.success(), "cc failed");
            Some(program)
        }
        Err(e) => {
            skep_skip::skipped!("no C compiler: {e}");
            None
        }
    }
}

/// A process that maps a whole file at [`BASE`], and is no more.
fn process(path: &Path) -> Process {
    let end = BASE + fs::metadata(path).unwrap().len();
    let mapping =
        Mapping { start: BASE, end, file_offset: 0, path: path.into(), build_id: Vec::new() };
    Process { pid: Pid(u32::MAX), comm: "test".into(), mappings: [mapping].into() }
}

/// Start and size of a function of a position-independent program, whose code lies at the same place in the file.
fn place_of(path: &Path, name: &str) -> (u64, u64) {
    let bytes = fs::read(path).unwrap();
    let file = object::File::parse(&*bytes).unwrap();
    let mut symbols = file.symbols().chain(file.dynamic_symbols());
    let symbol = symbols.find(|symbol| symbol.name() == Ok(name)).unwrap();
    (symbol.address(), symbol.size())
}

fn ask(process: Process, addresses: &[u64]) -> (Symbolizer, Vec<Location>) {
    let mut set = StackSet::new();
    let id = set.process(process);
    let queries: Vec<Query> = addresses
        .iter()
        .map(|address| Query { space: Space::User(id), address: *address })
        .collect();
    let mut symbolizer = Symbolizer::new();
    let mut last = None;
    let locations = symbolizer
        .symbolize(set.processes(), &queries, &mut |progress| last = Some(progress.clone()));
    let last = last.unwrap();
    assert_eq!((last.done, last.total, last.file), (addresses.len(), addresses.len(), None));
    (symbolizer, locations)
}

fn outer(symbolizer: &Symbolizer, location: &Location) -> Function {
    symbolizer.function(location.lines.last().unwrap().function).clone()
}

#[test]
fn inlined_functions_and_lines_come_from_debug_information() {
    let Some(program) = build("debug", &["-O2", "-g"]) else { return };
    let (start, size) = place_of(&program, "exported_outer");
    let addresses: Vec<u64> = (start..start + size).map(|offset| BASE + offset).collect();
    let (symbolizer, locations) = ask(process(&program), &addresses);
    let mut seen = BTreeSet::new();
    for location in &locations {
        assert_eq!(outer(&symbolizer, location).name.as_deref(), Some("exported_outer"));
        let lines = location.lines.iter().map(|line| {
            let source = line.source.as_ref().unwrap();
            assert!(source.file.ends_with("inlined.c"), "{}", source.file);
            let name = symbolizer.function(line.function).name.clone().unwrap();
            (name.to_string(), source.line)
        });
        seen.insert(lines.collect::<Vec<_>>());
    }
    let nested = [("innermost", 6), ("middle", 11), ("exported_outer", 16)];
    let nested: Vec<_> = nested.into_iter().map(|(name, line)| (name.to_owned(), line)).collect();
    assert!(seen.contains(&nested), "{seen:?}");
}

#[test]
fn a_symbol_table_serves_without_debug_information() {
    let Some(program) = build("plain", &["-O2"]) else { return };
    let (start, size) = place_of(&program, "hidden_static");
    let (symbolizer, locations) = ask(process(&program), &[BASE + start, BASE + start + size - 1]);
    for location in &locations {
        assert_eq!(location.lines.len(), 1);
        let function = outer(&symbolizer, location);
        assert_eq!(function.name.as_deref(), Some("hidden_static"));
        assert_eq!(&*function.object, program.to_str().unwrap());
    }
}

#[test]
fn a_stripped_file_has_its_exported_names_and_addresses_for_the_rest() {
    let Some(plain) = build("exporting", &["-O2", "-rdynamic"]) else { return };
    let Some(stripped) = build("stripped", &["-O2", "-rdynamic", "-s"]) else { return };
    let exported = BASE + place_of(&stripped, "exported_outer").0;
    let hidden = BASE + place_of(&plain, "hidden_static").0;
    let (symbolizer, locations) = ask(process(&stripped), &[hidden, exported]);
    assert_eq!(outer(&symbolizer, &locations[1]).name.as_deref(), Some("exported_outer"));
    let unknown = outer(&symbolizer, &locations[0]);
    assert_eq!((unknown.name, unknown.address), (None, Some(hidden)));
    assert_eq!(&*unknown.object, stripped.to_str().unwrap());
}

#[test]
fn an_address_outside_of_every_mapping_is_unknown() {
    let (symbolizer, locations) =
        ask(process(Path::new("/proc/self/exe")), &[0, BASE - 1, u64::MAX]);
    for location in &locations {
        let function = outer(&symbolizer, location);
        assert_eq!((function.name, &*function.object), (None, "[unknown]"));
        assert_eq!(function.address, Some(location.query.address));
    }
}

#[test]
fn files_that_are_gone_or_no_objects_name_nothing() {
    for path in [
        "/nowhere/at/all",
        "/etc/passwd",
        "/dev/zero",
        "/",
        "//anon",
        "/memfd:x (deleted)",
        "[heap]",
    ] {
        let mapping = Mapping {
            start: BASE,
            end: BASE + 0x1000,
            file_offset: u64::MAX,
            path: path.into(),
            build_id: vec![1],
        };
        let gone = Process { pid: Pid(u32::MAX), comm: String::new(), mappings: [mapping].into() };
        let (symbolizer, locations) = ask(gone, &[BASE, BASE + 0xfff]);
        assert!(outer(&symbolizer, &locations[0]).name.is_none(), "{path}");
    }
}

fn ourselves() -> Process {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let hex = |text: &str| u64::from_str_radix(text, 16).unwrap();
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
    let mappings = maps.lines().filter(|line| line.contains(" r-xp ")).map(parse).collect();
    Process { pid: Pid(std::process::id()), comm: "self".into(), mappings }
}

#[inline(never)]
fn a_function_of_our_own(x: u64) -> u64 {
    std::hint::black_box(x) + 1
}

#[test]
fn rust_names_are_demangled() {
    let address = a_function_of_our_own as *const () as u64;
    let (symbolizer, locations) = ask(ourselves(), &[address]);
    let name = outer(&symbolizer, &locations[0]).name.unwrap();
    assert!(name.ends_with("tests::symbol::a_function_of_our_own"), "{name}");
}

#[test]
fn the_vdso_is_read_from_our_own_memory() {
    let own = ourselves();
    let Some(vdso) = own.mappings.iter().find(|m| m.path == Path::new("[vdso]")) else {
        skep_skip::skipped!("this process has no vDSO");
        return;
    };
    let mut bytes = vec![0; (vdso.end - vdso.start) as usize];
    let mem = fs::File::open("/proc/self/mem").unwrap();
    std::os::unix::fs::FileExt::read_exact_at(&mem, &mut bytes, vdso.start).unwrap();
    let file = object::File::parse(&*bytes).unwrap();
    let symbol = file.dynamic_symbols().find(|s| s.name() == Ok("__vdso_clock_gettime")).unwrap();
    // Another process has it elsewhere.
    let moved = Mapping { start: BASE, end: BASE + vdso.end - vdso.start, ..vdso.clone() };
    let other = Process { pid: Pid(u32::MAX), comm: String::new(), mappings: [moved].into() };
    let (symbolizer, locations) = ask(other, &[BASE + symbol.address() + 1]);
    let function = outer(&symbolizer, &locations[0]);
    assert!(
        matches!(function.name.as_deref(), Some("__vdso_clock_gettime" | "clock_gettime")),
        "{function:?}"
    );
    assert_eq!(&*function.object, "[vdso]");
}

#[test]
fn generated_code_is_named_by_the_map_of_its_process() {
    // The id of no process that can be: `pid_max` ends at 4,194,304.
    let pid = 0x7fff_0000 | std::process::id();
    let path = format!("/tmp/perf-{pid}.map");
    fs::write(&path, format!("{BASE:x} 20 generated here\n")).unwrap();
    let jit = Process { pid: Pid(pid), comm: String::new(), mappings: [].into() };
    let (symbolizer, locations) = ask(jit, &[BASE + 0x1f, BASE + 0x20]);
    fs::remove_file(&path).unwrap();
    let function = outer(&symbolizer, &locations[0]);
    assert_eq!((function.name.as_deref(), &*function.object), (Some("generated here"), "[jit]"));
    assert_eq!(outer(&symbolizer, &locations[1]).name, None);
}

#[test]
fn kernel_addresses_have_names_where_the_kernel_shows_them() {
    let kallsyms = fs::read_to_string("/proc/kallsyms").unwrap_or_default();
    let schedule = kallsyms.lines().find(|line| line.ends_with(" T schedule"));
    let address = schedule.and_then(|line| u64::from_str_radix(line.split(' ').next()?, 16).ok());
    let Some(address) = address.filter(|address| *address != 0) else {
        skep_skip::skipped!("/proc/kallsyms hides addresses");
        return;
    };
    let queries = [address + 1, 0x1000].map(|address| Query { space: Space::Kernel, address });
    let mut symbolizer = Symbolizer::new();
    let locations = symbolizer.symbolize(&[], &queries, &mut |_| ());
    let function = outer(&symbolizer, &locations[0]);
    assert_eq!((function.name.as_deref(), &*function.object), (Some("schedule"), "[kernel]"));
    assert!(function.kernel);
    assert_eq!(outer(&symbolizer, &locations[1]).name, None);
}
