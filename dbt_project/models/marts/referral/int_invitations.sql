-- Grain: one accepted invitation, between two people as identity knows them tonight, and whether it counts. A source is
-- admitted by adding its invitations here.
with

accounts as (select * from {{ ref('bridge_account_customer') }}),

told as (
    select
        'loyalty|' || brand || '|' || invitation_id as invitation_key,
        kind,
        accepted_at,
        {{ account_key("'store_member'", 'brand', 'inviter_card') }} as inviter_account_key,
        {{ account_key("'store_member'", 'brand', 'invitee_card') }} as invitee_account_key
    from {{ ref('stg_loyalty__invitations') }}
    where accepted_at is not null
),

known as (
    select
        told.*,
        inviters.one_id as inviter_one_id,
        invitees.one_id
    from told
    left join accounts as inviters on told.inviter_account_key = inviters.account_key
    left join accounts as invitees on told.invitee_account_key = invitees.account_key
),

-- Between two people, from the first to the last.
numbered as (
    select
        invitation_key,
        inviter_one_id,
        one_id,
        row_number() over (order by accepted_at, invitation_key) as turn
    from known
    where inviter_one_id <> one_id
),

turns as (
    select
        one_id,
        turn
    from numbered
    union all
    select
        inviter_one_id as one_id,
        turn
    from numbered
),

first_turns as (
    select
        one_id,
        min(turn) as turn
    from turns
    group by one_id
),

-- Who has invited or was invited before cannot be won any more. So an inviter is always there before whom they invite,
-- and nobody is their own ancestor, whatever identity makes of the accounts.
int_invitations as (
    select
        known.invitation_key,
        known.kind,
        known.accepted_at,
        known.inviter_one_id,
        known.one_id,
        case
            when known.inviter_one_id is null or known.one_id is null then 'unknown_account'
            when known.inviter_one_id = known.one_id then 'self_referral'
            when numbered.turn > first_turns.turn then 'already_there'
            else 'counted'
        end as verdict
    from known
    left join numbered on known.invitation_key = numbered.invitation_key
    left join first_turns on known.one_id = first_turns.one_id
)

select * from int_invitations
