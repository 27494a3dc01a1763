//! `[routes.NAME]`: what a product asks for in `model`.

use catalogue::{Needs, Rate, Weights};
use serde::{Serialize, Serializer};

use super::parameters::ParameterKeys;
use super::policy::PolicyKeys;
use super::problem::Problem;
use super::section::Section;
use super::value::{At, Share};

/// A route as written.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Route {
    /// Other names of it; `*` stands for any text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) aliases: Vec<At<String>>,
    /// Who may serve it, in the order of preference of `prefer = "listed"`.
    pub(crate) deployments: Vec<At<Entry>>,
    /// The share of requests that each fallback is asked first for, so that it is proven all day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) keep_warm: Option<At<Share>>,
    /// What differs from `[policy]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) policy: Option<At<PolicyKeys>>,
}

impl Route {
    pub(crate) fn read(name: &At<String>, section: &mut Section<'_>) -> Self {
        let route = Self {
            aliases: section.list("aliases").unwrap_or_default(),
            deployments: section.list_of("deployments", |text| Entry::bare(Some(text)), Entry::read),
            keep_warm: section.get("keep_warm"),
            policy: section.table("policy", PolicyKeys::read),
        };
        if name.contains('*') {
            let what = format!("the route's name \"{}\" holds a *", name.value);
            section.problem(Problem::error(&name.at, what).mend("patterns belong in its aliases"));
        }
        route
    }
}

/// One deployment of a route: `"provider/model"`, or a table around it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entry {
    /// `provider/model`; the provider ends at the first slash. `None` where it was missing or unreadable.
    pub(crate) target: Option<At<String>>,
    /// The model's id at the provider, where that differs from the catalogue's (an Azure deployment's name).
    pub(crate) id: Option<At<String>>,
    /// Its part of the traffic under `prefer = "weighted"`.
    pub(crate) weight: Option<At<u32>>,
    /// Prices in place of the catalogue's.
    pub(crate) price: Option<At<Price>>,
    /// Requests at a time; more go to the next candidate.
    pub(crate) max_in_flight: Option<At<u32>>,
    /// Most tokens of input and output, where the catalogue does not know.
    pub(crate) context_window: Option<At<u64>>,
    /// Most tokens of output, where the catalogue does not know.
    pub(crate) max_output: Option<At<u64>>,
    /// What it can do, whatever the catalogue says.
    pub(crate) supports: Vec<At<Needs>>,
    /// What it cannot do, whatever the catalogue says.
    pub(crate) lacks: Vec<At<Needs>>,
    /// What stands in front of the client's instructions there.
    pub(crate) system_prefix: Option<At<String>>,
    /// What the client's parameters give way to there.
    pub(crate) parameters: Option<At<ParameterKeys>>,
    /// Who may run the model, where the catalogue does not know. For reports.
    pub(crate) weights: Option<At<Weights>>,
}

impl Entry {
    /// An entry that says only who.
    pub(crate) fn bare(target: Option<At<String>>) -> Self {
        Self { target, ..Self::default() }
    }

    fn read(section: &mut Section<'_>) -> Self {
        let entry = Self {
            target: section.require("use"),
            id: section.get("id"),
            weight: section.get("weight"),
            price: section.table("price", Price::read),
            max_in_flight: section.get("max_in_flight"),
            context_window: section.get("context_window"),
            max_output: section.get("max_output"),
            supports: section.list("supports").unwrap_or_default(),
            lacks: section.list("lacks").unwrap_or_default(),
            system_prefix: section.get("system_prefix"),
            parameters: section.table("parameters", ParameterKeys::read),
            weights: section.get("weights"),
        };
        for (key, number) in [("weight", &entry.weight), ("max_in_flight", &entry.max_in_flight)] {
            if let Some(number) = number.as_ref().filter(|number| number.value == 0) {
                let what = format!("{key} = 0 would never let it serve");
                section
                    .problem(Problem::error(&number.at, what).mend("leave the deployment out of the route"));
            }
        }
        let supported = union(&entry.supports);
        for lacked in entry.lacks.iter().filter(|lacked| supported.contains(lacked.value)) {
            let what = format!("{} is both in supports and in lacks", lacked.value);
            section.problem(Problem::error(&lacked.at, what).mend("take it out of one of them"));
        }
        entry
    }

    /// Whether `"provider/model"` says all.
    fn is_bare(&self) -> bool {
        let Self {
            target: _,
            id,
            weight,
            price,
            max_in_flight,
            context_window,
            max_output,
            supports,
            lacks,
            system_prefix,
            parameters,
            weights,
        } = self;
        id.is_none()
            && weight.is_none()
            && price.is_none()
            && max_in_flight.is_none()
            && context_window.is_none()
            && max_output.is_none()
            && supports.is_empty()
            && lacks.is_empty()
            && system_prefix.is_none()
            && parameters.is_none()
            && weights.is_none()
    }
}

/// All of them together.
pub(crate) fn union(needs: &[At<Needs>]) -> Needs {
    needs.iter().fold(Needs::NONE, |set, need| set | need.value)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands fields by reference")]
fn no_needs(needs: &Needs) -> bool {
    needs.is_empty()
}

/// Written back the way it was written: short where short says all.
impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Table<'a> {
            r#use: Option<&'a At<String>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            id: Option<&'a At<String>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            weight: Option<&'a At<u32>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            price: Option<&'a At<Price>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            max_in_flight: Option<&'a At<u32>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            context_window: Option<&'a At<u64>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            max_output: Option<&'a At<u64>>,
            #[serde(skip_serializing_if = "no_needs")]
            supports: Needs,
            #[serde(skip_serializing_if = "no_needs")]
            lacks: Needs,
            #[serde(skip_serializing_if = "Option::is_none")]
            system_prefix: Option<&'a At<String>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            parameters: Option<&'a At<ParameterKeys>>,
            weights: Option<&'a At<Weights>>,
        }
        if self.is_bare() {
            return self.target.serialize(serializer);
        }
        Table {
            r#use: self.target.as_ref(),
            id: self.id.as_ref(),
            weight: self.weight.as_ref(),
            price: self.price.as_ref(),
            max_in_flight: self.max_in_flight.as_ref(),
            context_window: self.context_window.as_ref(),
            max_output: self.max_output.as_ref(),
            supports: union(&self.supports),
            lacks: union(&self.lacks),
            system_prefix: self.system_prefix.as_ref(),
            parameters: self.parameters.as_ref(),
            weights: self.weights.as_ref(),
        }
        .serialize(serializer)
    }
}

macro_rules! price {
    ($($key:ident),*) => {
        /// Prices in US dollars per million tokens (tool requests: per thousand).
        #[derive(Debug, Clone, Default, Serialize)]
        pub(crate) struct Price {
            $(#[serde(skip_serializing_if = "Option::is_none")] pub(crate) $key: Option<At<Rate>>,)*
        }

        impl Price {
            pub(crate) fn read(section: &mut Section<'_>) -> Self {
                Self { $($key: section.get(stringify!($key)),)* }
            }
        }
    };
}

price!(
    input,
    output,
    cache_read,
    cache_write_5m,
    cache_write_1h,
    audio_input,
    audio_output,
    image_input,
    image_output,
    reasoning,
    tool_requests
);
