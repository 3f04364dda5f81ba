//! What the attribute refuses, and with which words.

use proc_macro2::TokenStream;
use quote::quote;

use super::expand;

fn expanded(args: TokenStream, item: TokenStream) -> String {
    expand(args, item).unwrap_or_else(|e| panic!("{e}")).to_string().replace(' ', "")
}

/// Refusal of a block with one function, whose marker is given.
fn refusal(marker: TokenStream) -> String {
    let item = quote!(impl X { /** Does it. */ #marker fn bpf_x(k: &mut K) {} });
    expand(quote!(since = "5.8", avail { BASE }), item).unwrap_err().to_string()
}

#[test]
fn a_bad_version_is_refused_wherever_it_stands() {
    let text = "a kernel version is major.minor, such as \"6.12\"";
    assert_eq!(refusal(quote!(#[helper(1, since = "6")])), text);
    assert_eq!(refusal(quote!(#[helper(1, since = "v6.1")])), text);
    assert_eq!(refusal(quote!(#[helper(1, since = "6.")])), text);
    assert_eq!(refusal(quote!(#[helper(1, since = "+6.1")])), text);
    assert_eq!(refusal(quote!(#[helper(1, since = "6.300")])), text);
    assert_eq!(refusal(quote!(#[helper(1, until = "6.1.2")])), text);
    assert_eq!(refusal(quote!(#[helper(1, avail { Xdp: "six" })])), text);
    assert_eq!(refusal(quote!(#[helper(1, avail { Xdp: "6.1".."?" })])), text);
    assert_eq!(refusal(quote!(#[kfunc(flags { "6": RCU })])), text);
    assert_eq!(refusal(quote!(#[kfunc(renamed { "": "bpf_y" })])), text);
}

#[test]
fn releases_must_make_sense_together() {
    assert_eq!(refusal(quote!(#[helper(1, avail { Xdp: "5.7" })])), "before the call existed");
    let younger = quote!(impl X { /** Does it. */ #[kfunc(since = "6.5")] fn bpf_x(k: &mut K) {} });
    let text = expanded(quote!(since = "6.3", avail { Xdp: "6.3", Tracing: "6.12" }), younger);
    let at = |release: &str| {
        text.matches(&format!("since:::skep_abi::KernelVersion::new({release})")).count()
    };
    assert_eq!((at("6u8,3u8"), at("6u8,5u8"), at("6u8,12u8")), (0, 2, 1), "{text}");
    assert_eq!(refusal(quote!(#[helper(1, avail { Xdp: "5.9".."5.9" })])), "ends before it begins");
    let upwards = "releases go upwards, from the one that brought the call";
    assert_eq!(refusal(quote!(#[kfunc(flags { "6.3": RCU, "6.3": ACQUIRE })])), upwards);
    assert_eq!(refusal(quote!(#[kfunc(flags { "5.7": RCU })])), upwards);
}

#[test]
fn an_entry_without_its_facts_is_refused() {
    let item =
        |marker: TokenStream| quote!(impl X { /** Does it. */ #marker fn bpf_x(k: &mut K) {} });
    let error = |args, marker| expand(args, item(marker)).unwrap_err().to_string();
    assert_eq!(
        error(quote!(avail { BASE }), quote!(#[helper(1)])),
        "say since which release: since = \"6.3\""
    );
    assert_eq!(
        error(quote!(since = "6.3"), quote!(#[helper(1)])),
        "say who may make this call: avail { … }"
    );
    assert_eq!(refusal(quote!(#[helper(1, avail {})])), "say who may make this call: avail { … }");
    assert_eq!(refusal(quote!(#[helper])), "a helper needs its number in the uapi");
    assert_eq!(refusal(quote!(#[kfunc(7)])), "a kfunc has no number");
    assert_eq!(refusal(quote!(#[helper(1, flags { "6.3": RCU })])), "a helper has no kfunc flags");
    assert_eq!(refusal(quote!(#[kfunc(proto { "7.0": gone })])), "no such function in this block");
    assert!(refusal(quote!(#[helper(1, colour = "red")])).starts_with("expected one of"));
    assert_eq!(refusal(quote!()), "no #[helper] or #[kfunc] in this block");
}

#[test]
fn an_entry_without_a_doc_comment_is_refused() {
    let defaults = quote!(since = "5.8", avail { BASE });
    let bare = quote!(impl X { #[helper(1)] fn bpf_x(k: &mut K) {} });
    let blank = quote!(impl X { #[doc = " "] #[helper(1)] fn bpf_x(k: &mut K) {} });
    for item in [bare, blank] {
        let error = expand(defaults.clone(), item).unwrap_err();
        assert_eq!(error.to_string(), "a call needs a doc comment");
    }
}

#[test]
fn a_signature_that_registers_cannot_carry_is_refused() {
    let error = |function: TokenStream| {
        let item = quote!(impl X { /** Does it. */ #[kfunc] #function });
        expand(quote!(since = "5.8", avail { BASE }), item).unwrap_err().to_string()
    };
    let first = "a call takes k: &mut Kernel<'_, '_> first";
    assert_eq!(
        error(quote!(
            fn f() {}
        )),
        first
    );
    assert_eq!(
        error(quote!(
            fn f(&self) {}
        )),
        first
    );
    assert_eq!(
        error(quote!(
            fn f(k: Kernel) {}
        )),
        first
    );
    assert_eq!(
        error(quote!(
            fn f(k: &mut K, a: u8, b: u8, c: u8, d: u8, e: u8, f: u8) {}
        )),
        "a call has five argument registers"
    );
    assert_eq!(
        error(quote!(
            fn f(k: &mut K, (a, b): P) {}
        )),
        "an argument needs a plain name"
    );
}

#[test]
fn defaults_of_the_block_fill_what_an_entry_leaves_unsaid() {
    let text = expanded(
        quote!(since = "5.8", avail { BASE, Xdp: "5.9".."6.0" }, gpl),
        quote!(impl X {
            /// Does it.
            ///
            /// Twice.
            #[helper(130)]
            fn bpf_x(k: &mut K, _flags: u64) -> bool {}
            /// Another.
            #[kfunc(since = "6.3", avail { Kprobe }, flags { "6.3": ACQUIRE | RCU }, sleeps, effect = RcuLock)]
            fn bpf_y(k: &mut K) {}
        }),
    );
    assert!(text.contains(
        "progs:crate::prog_set::BASE,since:::skep_abi::KernelVersion::new(5u8,8u8),until:None"
    ));
    assert!(text.contains("progs:&[::skep_abi::ProgType::Xdp],since:::skep_abi::KernelVersion::new(5u8,9u8),until:Some(::skep_abi::KernelVersion::new(6u8,0u8))"));
    assert!(text.contains(
        "progs:&[::skep_abi::ProgType::Kprobe],since:::skep_abi::KernelVersion::new(6u8,3u8)"
    ));
    assert!(text.contains("doc:\"Doesit.\\n\\nTwice.\""));
    assert!(text.contains("arg_names:&[\"flags\"]"));
    assert!(text.contains("args:&[<u64ascrate::Arg>::TYPE]"));
    assert!(text.contains("ret:<boolascrate::Ret>::TYPE"));
    assert!(text.contains("KfuncFlags::empty().union(::skep_abi::KfuncFlags::ACQUIRE).union(::skep_abi::KfuncFlags::RCU)"));
    assert!(text.contains("might_sleep:true,effect:Some(::skep_abi::Effect::RcuLock)"));
    assert_eq!(text.matches("gpl_only:true").count(), 2);
    assert!(!text.contains("#[helper"), "the markers are gone");
}

#[test]
fn an_older_prototype_takes_its_types_from_its_own_function() {
    let text = expanded(
        quote!(since = "6.15", avail { BASE }),
        quote!(impl X {
            /// Fills a mask.
            #[kfunc(proto { "7.0": of_any_mask }, renamed { "7.0": "bpf_fill_impl" }, until = "7.3")]
            fn bpf_fill(k: &mut K, mask: Own) {}
            fn of_any_mask(k: &mut K, mask: Any) -> u32 {}
        }),
    );
    assert!(text.contains("OlderProto{until:::skep_abi::KernelVersion::new(7u8,0u8),args:&[<Anyascrate::Arg>::TYPE],arg_names:&[\"mask\"],ret:<u32ascrate::Ret>::TYPE,}"));
    assert!(
        text.contains("old_names:&[(::skep_abi::KernelVersion::new(7u8,0u8),\"bpf_fill_impl\")]")
    );
    assert!(text.contains("<X>::of_any_mask(k,<Anyascrate::Arg>::from_reg(regs[0usize]))"));
    assert!(text.contains("until:Some(::skep_abi::KernelVersion::new(7u8,3u8))"));
}
