//! Bytes that nobody meant: every outcome is a record or an error.

use super::*;

/// Uses everything that a record lends out.
fn visit(record: &PerfRecord<'_>) {
    let text = format!("{record:?}");
    assert!(!text.is_empty());
    match &record.body {
        Body::Sample(sample) => {
            for in_kernel in [false, true] {
                sample.callchain.map(|chain| split(chain, in_kernel));
            }
            sample.branch_stack.map(|stack| stack.entries().count());
            for regs in [sample.regs_user, sample.regs_intr].into_iter().flatten() {
                assert_eq!(regs.to_x86().orig_ax, u64::MAX);
                regs.iter().count();
            }
        }
        Body::Namespaces(spaces) => drop(spaces.namespaces().count()),
        Body::Mmap(MmapRecord { file: Some(file), .. }) => {
            if let FileIdentity::BuildId(id) = &file.identity {
                assert!(id.as_bytes().len() <= 20);
            }
        }
        _ => {}
    }
}

fn mutate(random: &mut Random, bytes: &mut Vec<u8>) {
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len());
        match random.below(5) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = random.next() as u8,
            2 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][random.below(5)],
            3 => bytes.truncate(at.max(1)),
            _ => {
                let word = random.next().to_le_bytes();
                let end = bytes.len().min(at + 8);
                bytes[at..end].copy_from_slice(&word[..end - at]);
            }
        }
    }
}

#[test]
fn mutated_samples_are_samples_or_errors() {
    let mut random = Random(99);
    let mut refused = 0;
    for _ in 0..60_000 {
        let bits = sample::possible(random.next());
        let mut bytes = sample::body(bits).record(sys::PERF_RECORD_SAMPLE, random.next() as u16);
        mutate(&mut random, &mut bytes);
        // Sometimes the event that wrote it is mistaken for another one.
        let bits = if random.below(4) == 0 { random.next() } else { bits };
        let mut format = sample::format(bits);
        if random.below(4) == 0 {
            format.read_format = random.next();
            format.branch_sample_type = random.next();
            format.regs_intr = random.next();
        }
        match PerfRecord::parse(&bytes, &format) {
            Ok(record) => visit(&record),
            Err(error) => refused += usize::from(!error.to_string().is_empty()),
        }
    }
    assert!((1_000..59_000).contains(&refused), "{refused} refused: the mutations miss their aim");
}

#[test]
fn random_bodies_of_every_type_are_records_or_errors() {
    let mut random = Random(5);
    for round in 0..60_000u32 {
        let body =
            (0..random.below(120)).fold(Bytes::default(), |bytes, _| match random.below(3) {
                0 => bytes.raw(&[0]),
                1 => bytes.raw(&[random.next() as u8]),
                _ => bytes.u64(random.below(6) as u64),
            });
        let bytes = body.record(round % 25, random.next() as u16);
        if let Ok(record) = PerfRecord::parse(&bytes, &sample::format(random.next())) {
            visit(&record);
        }
    }
}
