//! Names that would break a format, in each format.

use super::{function, profile};
use crate::{Profile, flame, folded, one_line};

const ODD: &[&str] = &[
    "plain",
    "a;b\nc\r\nd",
    "",
    " \t",
    "<script>alert('&\"]]>')</script>",
    "\u{1b}[31mred\u{0}\u{7f}\u{85}",
    "operator() [clone .isra.0] 42",
    "név\u{202e}gnp.exe",
    "\u{fffe}\u{ffff}",
    "…………………………………………………………………………………………………………………………………………………………………………",
];

fn odd() -> Profile {
    let functions =
        ODD.iter().map(|name| function(Some(name), name, name.len() % 2 == 0)).collect();
    let all: Vec<u32> = (0..ODD.len() as u32).collect();
    profile("odd;\ncomm 1", functions, &[(&all, 3), (&all[2..], 2), (&[], 1)])
}

fn fold(profile: &Profile) -> String {
    let mut out = Vec::new();
    folded::write(profile, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn folded_stacks_are_outermost_first_with_the_command_in_front() {
    let functions = vec![
        function(Some("do_syscall_64"), "[kernel]", true),
        function(Some("read"), "/usr/lib/libc.so.6", false),
        function(None, "/usr/bin/app", false),
        function(Some("main"), "/usr/bin/app", false),
        function(None, "[nf_tables]", true),
    ];
    let profile = profile("app", functions, &[(&[0, 1, 2, 3], 5), (&[4, 3], 2), (&[], 1)]);
    assert_eq!(
        fold(&profile),
        "app 1\napp;main;[app];read;do_syscall_64_[k] 5\napp;main;[nf_tables]_[k] 2\n"
    );
}

#[test]
fn odd_names_keep_a_folded_stack_on_one_line() {
    let text = fold(&odd());
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3);
    for line in lines {
        let (stack, weight) = line.rsplit_once(' ').unwrap();
        assert!(weight.parse::<u64>().is_ok(), "{line}");
        assert!(stack.split(';').all(|name| !name.trim().is_empty()), "{line}");
        assert!(!line.contains(char::is_control), "{line}");
    }
    assert_eq!(text.lines().map(|l| l.split(';').count()).max(), Some(ODD.len() + 1));
}

#[test]
fn odd_names_are_escaped_in_a_flame_graph() {
    let mut out = Vec::new();
    flame::write(&odd(), "a <b> & \u{0}c", Some("\u{1b}[0m"), &mut out).unwrap();
    let svg = String::from_utf8(out).unwrap();
    assert!(svg.trim_end().ends_with("</svg>"));
    assert!(!svg.contains("<script>alert"), "names are escaped");
    assert!(
        !svg.contains(|c: char| c.is_control() && !"\n\r\t".contains(c)),
        "XML has no such characters"
    );
    assert!(svg.contains("plain") && svg.contains("6 samples"));
}

#[test]
fn a_flame_graph_without_samples_says_so() {
    let mut out = Vec::new();
    flame::write(&Profile::default(), "title <&>", None, &mut out).unwrap();
    let svg = String::from_utf8(out).unwrap();
    assert!(svg.contains("no samples") && svg.contains("title &lt;&amp;"));
    assert!(svg.trim_end().ends_with("</svg>"));
}

#[test]
fn a_writer_that_fails_is_reported() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    assert!(folded::write(&odd(), Full).is_err());
    assert!(flame::write(&odd(), "", None, Full).is_err());
    assert!(flame::write(&Profile::default(), "", None, Full).is_err());
}

#[test]
fn a_terminal_acts_on_no_name() {
    for name in ODD {
        let shown = one_line(name);
        assert_eq!(shown.chars().count(), name.chars().count());
        assert!(!shown.contains(char::is_control) && !shown.contains('\u{202e}'), "{shown:?}");
    }
    assert_eq!(one_line("operator() [clone]"), "operator() [clone]");
}

#[test]
fn stacks_of_the_same_functions_are_one() {
    let functions = vec![function(Some("f"), "/a", false), function(Some("g"), "/a", false)];
    let profile = profile("p", functions, &[(&[0], 4), (&[1], 3), (&[0], 2), (&[1], 2)]);
    let named: Vec<(u64, Option<&str>)> = profile
        .stacks_by_functions()
        .into_iter()
        .map(|(weight, stack)| {
            (weight, profile.frames(stack).next().and_then(|frame| frame.function.name.as_deref()))
        })
        .collect();
    assert_eq!(named, [(6, Some("f")), (5, Some("g"))]);
}

#[test]
fn a_group_lies_below_its_stacks_and_is_a_label() {
    let mut set = crate::StackSet::new();
    let process =
        crate::Process { pid: skep_abi::Pid(7), comm: "app".to_owned(), mappings: [].into() };
    let process = set.process(process);
    let busy = set.group("node 0; sibling busy");
    let idle = set.group("node 0; sibling idle");
    set.add(process, &[], &[0x10], 1);
    set.add_in(Some(busy), process, &[], &[0x10], 2);
    set.add_in(Some(busy), process, &[], &[0x20], 3);
    let profile = crate::Symbolizer::new().profile(&set, &mut |_| {});
    let mut out = Vec::new();
    folded::write(&profile, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert_eq!(text, "app;[unknown] 1\nnode 0: sibling busy;app;[unknown] 5\n");
    let sums = profile.stacks_by_functions();
    let groups: Vec<_> = sums.iter().map(|(sum, stack)| (*sum, profile.group(stack))).collect();
    assert!(groups.contains(&(1, None)), "{groups:?}");
    assert_eq!(
        groups.iter().filter(|(_, group)| group.is_some()).map(|(sum, _)| sum).sum::<u64>(),
        5
    );
    let stats = profile.function_stats();
    let of = |group| stats.iter().map(|stat| stat.own_in(group)).sum::<u64>();
    let all: u64 = stats.iter().map(|stat| stat.own).sum();
    assert_eq!((all, of(busy), of(idle)), (6, 5, 0));
}
