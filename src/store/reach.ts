/** Whose rows a caller may reach by their ids: those of its account; of these, where it is bound to a tenant, those of that tenant. */
export interface Reach {
  accountId: string;
  /** As stored; undefined: any tenant. */
  boundTenant?: string | undefined;
}

/** The binding as a condition on rows that have a tenant. */
export const ofTenant = ({ boundTenant }: Reach): { tenantId?: string } =>
  boundTenant === undefined ? {} : { tenantId: boundTenant };
