//! Sets of CPUs and lists of numbers.

use skep_abi::Cpu;

use crate::{CpuMask, format_list, parse_list};

fn mask<const N: usize>(cpus: [u32; N]) -> CpuMask {
    cpus.into_iter().map(Cpu).collect()
}

#[test]
fn words_of_64_hold_cpus_lowest_first() {
    let set = mask([0, 63, 64, 130]);
    assert_eq!(set.words(), [1 << 63 | 1, 1, 4]);
    assert_eq!(set.iter().map(|cpu| cpu.0).collect::<Vec<_>>(), [0, 63, 64, 130]);
    assert_eq!((set.first(), set.last(), set.weight()), (Some(Cpu(0)), Some(Cpu(130)), 4));
    assert_eq!(CpuMask::from_words(set.words()), set);
    assert_eq!((set.to_string(), set.word(99)), ("0,63-64,130".into(), 0));
}

#[test]
fn zero_words_at_the_end_do_not_count() {
    let mut set = mask([3, 200]);
    set.remove(Cpu(200));
    set.remove(Cpu(5000));
    assert_eq!(set, mask([3]));
    assert_eq!((set.last(), mask([]).last(), mask([]).first()), (Some(Cpu(3)), None, None));
    assert!(mask([]).is_empty() && !set.is_empty());
}

#[test]
fn sets_are_cut_and_subtracted() {
    let (a, b) = (mask([1, 2, 70]), mask([2, 70, 300]));
    assert_eq!((a.and(&b), a.and_not(&b), b.and_not(&a)), (mask([2, 70]), mask([1]), mask([300])));
}

#[test]
fn cpus_beyond_what_linux_has_are_left_out() {
    assert!(mask([8192, u32::MAX]).is_empty() && !mask([0]).contains(Cpu(u32::MAX)));
    assert_eq!(CpuMask::from_words(&[1; 1000]).last(), Some(Cpu(127 * 64)));
}

#[test]
fn lists_read_as_they_print() {
    for (text, numbers) in [
        ("0-3,8", vec![0, 1, 2, 3, 8]),
        ("", vec![]),
        (" 5 , 1-2,1\n", vec![1, 2, 5]),
        ("8191", vec![8191]),
    ] {
        let read = parse_list(text, 8192).unwrap();
        assert_eq!(read, numbers, "{text}");
        assert_eq!(parse_list(&format_list(read), 8192).unwrap(), numbers);
    }
    assert_eq!(format_list([0, 1, 2, 5, 7, 8]), "0-2,5,7-8");
}

#[test]
fn what_is_no_list_says_where_and_why() {
    for (text, at, why) in [
        ("a", 0, "`a` is no number"),
        ("1,", 2, "`` is no number"),
        ("0-3, 9-4", 5, "9-4 is upside down"),
        ("1,8192", 2, "8192 is over 8191"),
        ("0-99999999999", 0, "99999999999 is over 8191"),
        ("-1", 0, "`` is no number"),
        ("+1", 0, "`+1` is no number"),
    ] {
        let error = parse_list(text, 8192).unwrap_err();
        assert_eq!(error.at, at, "{text}");
        assert!(error.why.contains(why), "{text}: {error}");
    }
}
