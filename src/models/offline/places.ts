/** Countries and large regions: "lives in Germany" and "lives in Berlin" do not exclude each other. */
const REGIONS = new Set(
  (
    'argentina,australia,austria,bangladesh,belgium,brazil,bulgaria,canada,chile,china,colombia,croatia,czechia,denmark,egypt,england,estonia,ethiopia,europe,finland,france,germany,ghana,greece,hungary,iceland,india,indonesia,iran,iraq,ireland,israel,italy,japan,kenya,korea,latvia,lithuania,malaysia,mexico,morocco,nepal,netherlands,new zealand,nigeria,norway,pakistan,peru,philippines,poland,portugal,romania,russia,scotland,serbia,slovakia,slovenia,south africa,south korea,spain,sweden,switzerland,taiwan,thailand,tunisia,turkey,uk,ukraine,united kingdom,united states,us,usa,uruguay,vietnam,wales,' +
    'alabama,alaska,arizona,arkansas,california,colorado,connecticut,delaware,florida,georgia,hawaii,idaho,illinois,indiana,iowa,kansas,kentucky,louisiana,maine,maryland,massachusetts,michigan,minnesota,mississippi,missouri,montana,nebraska,nevada,new hampshire,new jersey,new mexico,north carolina,north dakota,ohio,oklahoma,oregon,pennsylvania,rhode island,south carolina,south dakota,tennessee,texas,utah,vermont,virginia,washington,west virginia,wisconsin,wyoming,bay area,ontario,quebec,british columbia,bavaria,catalonia,tuscany,the midwest'
  ).split(','),
);

/** Whether a place is a country or region that may contain towns. */
export const isRegion = (place: string): boolean => REGIONS.has(place.toLowerCase().replace(/^the /, ''));
