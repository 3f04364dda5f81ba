//! From a parsed block to `CALLS`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::{
    Attribute, Error, Expr, ExprLit, FnArg, ImplItem, ImplItemFn, ItemImpl, Lit, Meta, Pat, Result,
    ReturnType, Type,
};

use crate::clause::{Before, Clauses, FlagStep, Grant, Version};

/// Expands one block.
pub(crate) fn expand(args: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let defaults: Clauses = syn::parse2(args)?;
    if let Some(id) = &defaults.id {
        return Err(Error::new_spanned(id, "a number belongs to one helper, not to the block"));
    }
    let mut block: ItemImpl = syn::parse2(item)?;
    let mut marked = Vec::new();
    for item in &mut block.items {
        let ImplItem::Fn(function) = item else { continue };
        let Some(at) = function.attrs.iter().position(is_marker) else { continue };
        let marker = function.attrs.remove(at);
        marked.push((marker, function.clone()));
    }
    if marked.is_empty() {
        return Err(Error::new_spanned(&block.self_ty, "no #[helper] or #[kfunc] in this block"));
    }
    let calls = marked
        .iter()
        .map(|(marker, function)| call(&block, function, marker, &defaults))
        .collect::<Result<Vec<_>>>()?;
    let owner = &block.self_ty;
    Ok(quote! {
        #block
        impl #owner {
            pub(crate) const CALLS: crate::CallSet = &[#(#calls),*];
        }
    })
}

fn is_marker(attr: &Attribute) -> bool {
    attr.path().is_ident("kfunc") || attr.path().is_ident("helper")
}

fn call(
    block: &ItemImpl,
    function: &ImplItemFn,
    marker: &Attribute,
    defaults: &Clauses,
) -> Result<TokenStream> {
    let name = &function.sig.ident;
    let own = match &marker.meta {
        Meta::Path(_) => Clauses::default(),
        _ => marker.parse_args()?,
    };
    let inherits_avail = own.avail.is_none() && own.hooks.is_empty();
    let clauses = own.or(defaults);
    let kind = kind(marker, &clauses)?;
    let doc = doc(function)?;
    let Some(since) = &clauses.since else {
        return Err(Error::new_spanned(name, "say since which release: since = \"6.3\""));
    };
    let avail = clauses.avail.as_deref().unwrap_or_default();
    if avail.is_empty() && clauses.hooks.is_empty() {
        return Err(Error::new_spanned(name, "say who may make this call: avail { … }"));
    }
    let avail = grants(avail, since, inherits_avail, &granted)?;
    let hooks = grants(&clauses.hooks, since, inherits_avail, &registered)?;
    let unsupported = &clauses.unsupported;
    let history = history(&clauses.flags, since)?;
    let effect = match &clauses.effect {
        Some(effect) => quote!(Some(::skep_abi::Effect::#effect)),
        None => quote!(None),
    };
    let proto = Proto::of(function)?;
    let (older_protos, older_runs) = older(block, &clauses.proto)?;
    let old_names = clauses.renamed.iter().map(|Before { until, was }| {
        let until = version(until);
        quote!((#until, #was))
    });
    let (gpl, sleeps, gpl_except) = (clauses.gpl, clauses.sleeps, &clauses.gpl_except);
    let until = option(clauses.until.as_ref());
    let name_text = name.to_string();
    let line = quote_spanned!(name.span()=> line!());
    let Proto { args, arg_names, ret } = &proto;
    let run = proto.run(&block.self_ty, function);
    let since = version(since);
    Ok(quote!(crate::Call {
        spec: ::skep_abi::CallSpec {
            kind: #kind,
            name: #name_text,
            doc: #doc,
            args: &[#(<#args as crate::Arg>::TYPE),*],
            arg_names: &[#(#arg_names),*],
            ret: <#ret as crate::Ret>::TYPE,
            since: #since,
            until: #until,
            avail: &[#(#avail),*],
            hooks: &[#(#hooks),*],
            unsupported: &[#(::skep_abi::ProgType::#unsupported),*],
            history: &[#(#history),*],
            older: &[#(#older_protos),*],
            old_names: &[#(#old_names),*],
            gpl_only: #gpl,
            gpl_except: &[#(::skep_abi::ProgType::#gpl_except),*],
            might_sleep: #sleeps,
            effect: #effect,
            file: file!(),
            line: #line,
        },
        run: #run,
        older: &[#(#older_runs),*],
    }))
}

fn kind(marker: &Attribute, clauses: &Clauses) -> Result<TokenStream> {
    match (marker.path().is_ident("helper"), &clauses.id) {
        (true, Some(id)) => match clauses.flags.first() {
            None => Ok(quote!(::skep_abi::CallKind::Helper(#id))),
            Some(step) => Err(Error::new_spanned(&step.since.text, "a helper has no kfunc flags")),
        },
        (false, None) => Ok(quote!(::skep_abi::CallKind::Kfunc)),
        (true, None) => Err(Error::new_spanned(marker, "a helper needs its number in the uapi")),
        (false, Some(id)) => Err(Error::new_spanned(id, "a kfunc has no number")),
    }
}

/// The doc comment as one literal, without the space that `///` leaves at the head of each line.
fn doc(function: &ImplItemFn) -> Result<String> {
    let lines: Vec<String> = function
        .attrs
        .iter()
        .filter_map(|attr| match &attr.meta {
            Meta::NameValue(pair) if attr.path().is_ident("doc") => match &pair.value {
                Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
                _ => None,
            },
            _ => None,
        })
        .map(|line| line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned())
        .collect();
    let text = lines.join("\n").trim().to_owned();
    if text.is_empty() {
        return Err(Error::new_spanned(&function.sig.ident, "a call needs a doc comment"));
    }
    Ok(text)
}

fn version(version: &Version) -> TokenStream {
    let (major, minor) = version.number;
    quote!(::skep_abi::KernelVersion::new(#major, #minor))
}

fn option(text: Option<&Version>) -> TokenStream {
    match text {
        Some(found) => {
            let found = version(found);
            quote!(Some(#found))
        }
        None => quote!(None),
    }
}

/// Who may make a call. Grants of the block hold for its older calls too, so that a younger one has them from its own
/// first release on.
fn grants(
    grants: &[Grant],
    call_since: &Version,
    are_inherited: bool,
    spelled: &dyn Fn(&Grant, TokenStream) -> TokenStream,
) -> Result<Vec<TokenStream>> {
    grants
        .iter()
        .map(|grant| {
            let mut since = grant.since.as_ref().unwrap_or(call_since);
            if since.number < call_since.number {
                if !are_inherited {
                    return Err(Error::new(since.text.span(), "before the call existed"));
                }
                since = call_since;
            }
            let (since, until) = (version(since), option(grant.until.as_ref()));
            Ok(spelled(grant, quote!(since: #since, until: #until)))
        })
        .collect()
}

fn granted(grant: &Grant, releases: TokenStream) -> TokenStream {
    let who = &grant.who;
    let progs = if grant.is_set() {
        quote!(crate::prog_set::#who)
    } else {
        quote!(&[::skep_abi::ProgType::#who])
    };
    quote!(::skep_abi::Grant { progs: #progs, #releases })
}

fn registered(grant: &Grant, releases: TokenStream) -> TokenStream {
    let hook = &grant.who;
    quote!(::skep_abi::Registration { hook: crate::kfunc_hook::#hook, #releases })
}

fn history(steps: &[FlagStep], call_since: &Version) -> Result<Vec<TokenStream>> {
    let mut last = call_since.number;
    steps
        .iter()
        .enumerate()
        .map(|(at, FlagStep { since, flags })| {
            if since.number < last || (at > 0 && since.number == last) {
                let text = "releases go upwards, from the one that brought the call";
                return Err(Error::new(since.text.span(), text));
            }
            last = since.number;
            let since = version(since);
            Ok(quote!((
                #since,
                ::skep_abi::KfuncFlags::empty() #(.union(::skep_abi::KfuncFlags::#flags))*
            )))
        })
        .collect()
}

/// What the signature of one function says.
struct Proto {
    args: Vec<Type>,
    arg_names: Vec<String>,
    ret: Type,
}

impl Proto {
    fn of(function: &ImplItemFn) -> Result<Self> {
        let mut inputs = function.sig.inputs.iter();
        match inputs.next() {
            Some(FnArg::Typed(first)) if matches!(&*first.ty, Type::Reference(_)) => {}
            _ => {
                let text = "a call takes k: &mut Kernel<'_, '_> first";
                return Err(Error::new_spanned(&function.sig, text));
            }
        }
        let (mut args, mut arg_names) = (Vec::new(), Vec::new());
        for input in inputs {
            let FnArg::Typed(typed) = input else { continue };
            let Pat::Ident(name) = &*typed.pat else {
                return Err(Error::new_spanned(&typed.pat, "an argument needs a plain name"));
            };
            arg_names.push(name.ident.to_string().trim_start_matches('_').to_owned());
            args.push((*typed.ty).clone());
        }
        if args.len() > 5 {
            return Err(Error::new_spanned(&function.sig, "a call has five argument registers"));
        }
        let ret = match &function.sig.output {
            ReturnType::Default => syn::parse_quote!(()),
            ReturnType::Type(_, ty) => (**ty).clone(),
        };
        Ok(Self { args, arg_names, ret })
    }

    fn run(&self, owner: &Type, function: &ImplItemFn) -> TokenStream {
        let (args, name) = (&self.args, &function.sig.ident);
        let regs: Vec<_> = (0..args.len()).collect();
        let unused = if args.is_empty() { "_regs" } else { "regs" };
        let param = format_ident!("{unused}");
        quote!(|k, #param| crate::Ret::into_reg(
            <#owner>::#name(k, #(<#args as crate::Arg>::from_reg(#param[#regs])),*)
        ))
    }
}

/// The prototypes that earlier releases had, and what runs them, oldest first.
fn older(
    block: &ItemImpl,
    steps: &[Before<syn::Ident>],
) -> Result<(Vec<TokenStream>, Vec<TokenStream>)> {
    let (mut protos, mut runs) = (Vec::new(), Vec::new());
    for Before { until, was } in steps {
        let function = block.items.iter().find_map(|item| match item {
            ImplItem::Fn(function) if function.sig.ident == *was => Some(function),
            _ => None,
        });
        let Some(function) = function else {
            return Err(Error::new_spanned(was, "no such function in this block"));
        };
        let proto = Proto::of(function)?;
        let Proto { args, arg_names, ret } = &proto;
        let run = proto.run(&block.self_ty, function);
        let until = version(until);
        protos.push(quote!(::skep_abi::OlderProto {
            until: #until,
            args: &[#(<#args as crate::Arg>::TYPE),*],
            arg_names: &[#(#arg_names),*],
            ret: <#ret as crate::Ret>::TYPE,
        }));
        runs.push(quote!(crate::Older { until: #until, run: #run }));
    }
    Ok((protos, runs))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
