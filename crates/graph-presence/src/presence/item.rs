//! One item of a presence answer, of which every member but `id` is optional.

use std::borrow::Cow;

use presence_mapping::{Activity, Availability, Presence};
use serde::de::MapAccess;

use crate::json::{List, Members, Object, Scalar, skip};

/// The answer: `{"value": [item, …]}`.
#[derive(Default)]
pub(super) struct Answer<'a> {
    pub(super) value: List<Object<Item<'a>>>,
}

impl<'de: 'a, 'a> Members<'de> for Answer<'a> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "value" => self.value = map.next_value()?,
            _ => skip(map)?,
        }
        Ok(())
    }
}

/// Members as in Microsoft's page
/// [presence resource type](https://learn.microsoft.com/graph/api/resources/presence).
#[derive(Default)]
pub(super) struct Item<'a> {
    id: Scalar<'a>,
    availability: Scalar<'a>,
    activity: Scalar<'a>,
    sequence_number: Scalar<'a>,
    out_of_office: Object<OutOfOffice>,
}

impl<'de: 'a, 'a> Members<'de> for Item<'a> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "id" => self.id = map.next_value()?,
            "availability" => self.availability = map.next_value()?,
            "activity" => self.activity = map.next_value()?,
            "sequenceNumber" => self.sequence_number = map.next_value()?,
            "outOfOfficeSettings" => self.out_of_office = map.next_value()?,
            _ => skip(map)?,
        }
        Ok(())
    }
}

impl<'a> Item<'a> {
    pub(super) fn id(&self) -> Option<&str> {
        match &self.id {
            Scalar::Text(id) => Some(id),
            _ => None,
        }
    }

    /// What the item says, and its sequence number; a member that cannot be used says nothing.
    pub(super) fn into_presence(self) -> (Presence, Option<String>) {
        let presence = Presence {
            availability: self.availability.text().map(|text| Availability::parse(&text)),
            activity: self.activity.text().map(|text| Activity::parse(&text)),
            out_of_office: self.out_of_office.0.is_out,
        };
        (presence, self.sequence_number.text().map(Cow::into_owned))
    }
}

#[derive(Default)]
struct OutOfOffice {
    is_out: bool,
}

impl<'de> Members<'de> for OutOfOffice {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "isOutOfOffice" => self.is_out = map.next_value::<Scalar<'_>>()?.truth().unwrap_or(false),
            _ => skip(map)?,
        }
        Ok(())
    }
}
